import { Agent } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Inhabitant } from '../test/support/population.ts';
import { sendOperation } from '../test/support/send.ts';

/** Activities of a user, each with its share of all requests. */
const activities = {
  sidebar: {
    share: 0.4,
    query: `{ conversations(first: 20) { nodes { id title updatedAt messageCount
      lastMessage { id content createdAt author { displayName } } } } }`,
  },
  page: {
    share: 0.3,
    query: `query ($id: ID!) { conversation(id: $id) { id title messages(last: 50) {
      pageInfo { hasPreviousPage startCursor } nodes { id content createdAt author { id displayName } } } } }`,
  },
  profile: { share: 0.2, query: '{ viewer { id displayName email profile { bio locale } } }' },
  send: {
    share: 0.1,
    query: `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } userErrors { code } } }`,
  },
} as const;

type Activity = keyof typeof activities;
const names: readonly Activity[] = ['sidebar', 'page', 'profile', 'send'];

/** Concurrent users of a server, each with a persistent connection. */
export class Users {
  /** Latency of each request, in milliseconds. */
  readonly durations: Readonly<Record<Activity, number[]>> = { sidebar: [], page: [], profile: [], send: [] };
  readonly errors: string[] = [];
  readonly #agents: Agent[] = [];
  readonly #work: Promise<unknown>;
  #isStopping = false;

  /** `pauseMs` is the average pause of a user between a response and the next request. */
  constructor(people: readonly Inhabitant[], origin: string, pauseMs: number) {
    this.#work = Promise.all(people.map((person) => this.#use(origin, person, pauseMs)));
  }

  /** Discards the latencies measured so far. */
  resetMeasurements(): void {
    for (const name of names) this.durations[name].length = 0;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#work;
    for (const agent of this.#agents) agent.destroy();
  }

  async #use(origin: string, person: Inhabitant, pauseMs: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#agents.push(agent);
    // Without the pause all users would send their first request in the same moment.
    await wait(Math.random() * Math.max(pauseMs, 1000));
    for (let turn = 0; !this.#isStopping; turn += 1) {
      const activity = randomActivity();
      const startedAt = performance.now();
      const { token, conversationId } = person;
      const variables = {
        id: conversationId,
        input: { conversationId, content: `${turn}: a chat message is about as long as this.` },
      };
      const { query } = activities[activity];
      const operation = {
        token,
        query,
        variables: activity === 'send' || activity === 'page' ? variables : {},
      };
      const failure = await sendOperation(agent, origin, operation).then(errorOf, String);
      this.durations[activity].push(performance.now() - startedAt);
      if (failure !== null) this.errors.push(`${activity}: ${failure}`);
      if (pauseMs > 0) await wait(Math.random() * 2 * pauseMs);
    }
  }
}

function randomActivity(): Activity {
  let rest = Math.random();
  return names.find((name) => (rest -= activities[name].share) < 0) ?? 'sidebar';
}

function errorOf({ status, text }: { readonly status: number; readonly text: string }): string | null {
  const isWell = status === 200 && !text.includes('"errors":[') && !/"userErrors":\[[^\]]/.test(text);
  return isWell ? null : `${status}: ${text}`;
}
