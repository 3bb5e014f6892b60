import { Agent } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Inhabitant } from '../test/support/population.ts';
import { sendOperation } from '../test/support/send.ts';

/** What people do, and of how many requests it is one on average. */
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

/** People who use a server at the same time, each over a connection of their own that is kept. */
export class Users {
  /** How long each request took, in milliseconds. */
  readonly durations: Readonly<Record<Activity, number[]>> = { sidebar: [], page: [], profile: [], send: [] };
  readonly errors: string[] = [];
  readonly #agents: Agent[] = [];
  readonly #work: Promise<unknown>;
  #isStopping = false;

  /** `pauseMs` is how long each waits on average between an answer and the next request. */
  constructor(people: readonly Inhabitant[], origin: string, pauseMs: number) {
    this.#work = Promise.all(people.map((person) => this.#use(origin, person, pauseMs)));
  }

  /** What was measured until now does not count. */
  forget(): void {
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
    // Else all would come in the same moment.
    await wait(Math.random() * Math.max(pauseMs, 1000));
    for (let turn = 0; !this.#isStopping; turn += 1) {
      const activity = chosen();
      const startedAt = performance.now();
      const { token, conversationId } = person;
      const variables = {
        id: conversationId,
        input: { conversationId, content: `${turn}: what people say is about as long as this.` },
      };
      const { query } = activities[activity];
      const operation = {
        token,
        query,
        variables: activity === 'send' || activity === 'page' ? variables : {},
      };
      const failure = await sendOperation(agent, origin, operation).then(faultOf, String);
      this.durations[activity].push(performance.now() - startedAt);
      if (failure !== null) this.errors.push(`${activity}: ${failure}`);
      if (pauseMs > 0) await wait(Math.random() * 2 * pauseMs);
    }
  }
}

function chosen(): Activity {
  let rest = Math.random();
  return names.find((name) => (rest -= activities[name].share) < 0) ?? 'sidebar';
}

function faultOf({ status, text }: { readonly status: number; readonly text: string }): string | null {
  const isWell = status === 200 && !text.includes('"errors":[') && !/"userErrors":\[[^\]]/.test(text);
  return isWell ? null : `${status}: ${text}`;
}
