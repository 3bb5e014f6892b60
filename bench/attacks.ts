import { Agent } from 'node:http';
import { connect } from 'node:net';
import { madeUpDocument } from '../test/support/made-up-documents.ts';
import type { Inhabitant } from '../test/support/population.ts';
import { send } from '../test/support/send.ts';

/** A request of an attacker, as many times as wanted; `turn` is another number each time. */
export interface Attack {
  readonly name: string;
  /** Null for a request that is refused whatever it carries. */
  readonly tokenOf: (attacker: Inhabitant, turn: number) => string | null;
  readonly operationOf: (attacker: Inhabitant, turn: number) => object;
  /** Requests that are sent on a connection without waiting for their answers. */
  readonly pipelined?: number;
}

const words = [
  'message',
  'apple',
  'river',
  'window',
  'letter',
  'garden',
  'silver',
  'number',
  'winter',
  'bridge',
];

const bySession = ({ token }: Inhabitant): string => token;

/** Requests that are allowed and take as much as one request can, and requests that are refused. */
export const attacks: readonly Attack[] = [
  {
    name: '20 counted searches',
    tokenOf: bySession,
    operationOf: (_attacker, turn) => ({ query: `{ ${searches(turn)} }` }),
  },
  {
    name: '30 aliases of preferences',
    tokenOf: bySession,
    operationOf: ({ conversationId }) => ({
      query: `query ($id: ID!) { conversation(id: $id) { messages(first: 200) { nodes { author { profile {
        ${aliasesOf('preferences')} } } } } } }`,
      variables: { id: conversationId },
    }),
  },
  {
    name: '9,000 rows',
    tokenOf: bySession,
    operationOf: () => ({
      query: `{ conversations(first: 40) { nodes { title messages(first: 100) { nodes { id content createdAt
        author { displayName } } } } } }`,
    }),
  },
  {
    name: 'unseen documents',
    tokenOf: () => null,
    operationOf: (_attacker, turn) => ({
      query: madeUpDocument(turn),
      variables: { a: true, b: true, c: false, d: true },
    }),
  },
  {
    name: 'wrong tokens',
    tokenOf: (_attacker, turn) => `parley_session_${String(turn).padStart(43, 'x')}`,
    operationOf: () => ({ query: '{ viewer { id } }' }),
  },
  {
    name: '1,000 pipelined requests',
    tokenOf: bySession,
    operationOf: () => ({ query: '{ conversations(first: 20) { nodes { id title } } }' }),
    pipelined: 1000,
  },
];

/** Repeats an attack on a number of connections until it is stopped; counts the statuses of its answers. */
export class Attackers {
  readonly statuses = new Map<string, number>();
  readonly #attack: Attack;
  readonly #attacker: Inhabitant;
  readonly #origin: string;
  readonly #work: Promise<unknown>;
  #turn = 0;
  #isStopping = false;

  constructor(
    attack: Attack,
    attacker: Inhabitant,
    options: { readonly origin: string; readonly connections: number },
  ) {
    this.#attack = attack;
    this.#attacker = attacker;
    this.#origin = options.origin;
    const repeat = attack.pipelined === undefined ? () => this.#repeat() : () => this.#pipeline();
    this.#work = Promise.all(Array.from({ length: options.connections }, repeat));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#work;
  }

  async #repeat(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#isStopping) {
      const { body, headers } = this.#next();
      const options = { method: 'POST', headers, body };
      const status = await send(agent, `${this.#origin}/graphql`, options).then(
        ({ status: code, text }) => (text.includes('"errors"') ? `${code} with errors` : String(code)),
        () => 'no answer',
      );
      this.#count(status);
    }
    agent.destroy();
  }

  /** Writes many requests together, and reads the answers until the connection is closed. */
  async #pipeline(): Promise<void> {
    const { hostname, port } = new URL(this.#origin);
    while (!this.#isStopping) {
      const socket = connect(Number(port), hostname);
      const { body, headers } = this.#next();
      const head = Object.entries({ ...headers, host: hostname, 'content-length': String(body.length) });
      const lines = ['POST /graphql HTTP/1.1', ...head.map(([name, value]) => `${name}: ${value}`), '', body];
      socket.write(lines.join('\r\n').repeat(this.#attack.pipelined ?? 1));
      socket.on('data', (chunk) => {
        for (const [, status = ''] of String(chunk).matchAll(/HTTP\/1\.1 (\d+)/g)) this.#count(status);
      });
      await new Promise<void>((resolve) => {
        const check = setInterval(() => this.#isStopping && socket.destroy(), 100);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => resolve(clearInterval(check)));
      });
    }
  }

  #next(): { readonly body: string; readonly headers: Readonly<Record<string, string>> } {
    this.#turn += 1;
    const token = this.#attack.tokenOf(this.#attacker, this.#turn);
    return {
      body: JSON.stringify(this.#attack.operationOf(this.#attacker, this.#turn)),
      headers: {
        'content-type': 'application/json',
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
    };
  }

  #count(status: string): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }
}

function searches(turn: number): string {
  const at = (index: number) => words[index % words.length] ?? '';
  return Array.from(
    { length: 20 },
    (_, index) =>
      `s${index}: searchMessages(query: "${at(index)} or ${at(index * 3 + turn)} or ${at(index * 7 + 1)}") { totalCount }`,
  ).join('\n');
}

function aliasesOf(field: string): string {
  return Array.from({ length: 30 }, (_, index) => `a${index}: ${field}`).join(' ');
}
