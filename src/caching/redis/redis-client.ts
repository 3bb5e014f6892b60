import { createHash } from 'node:crypto';
import { createClient, createCluster } from '@redis/client';

type Server = ReturnType<typeof createServerClient>;
type Cluster = ReturnType<typeof createClusterClient>;

/** A connection to one Redis server, or to a cluster of them. */
export interface RedisClient {
  /** What the Keyv adapter is made on. */
  readonly commands: Server | Cluster;
  /** Connected, or trying to be. */
  readonly isOpen: boolean;
  /** Connected, as far as anybody has told. */
  readonly isReady: boolean;
  /** Keeps trying until it succeeds, however long; rejects only when it is destroyed first. */
  connect(): Promise<unknown>;
  destroy(): void;
  /** Names the lives of the servers that answer. Rejects unless all of them are masters. */
  readIncarnation(): Promise<string>;
  /** Whether the servers in charge can change without a connection being lost. */
  readonly isCluster: boolean;
}

/** Not connected yet. `onLost` is called with every sign that a connection is, or may be, gone; `onReady` when one is there. */
export function createRedisClient(
  urls: readonly string[],
  on: { readonly onLost: (error: unknown) => void; readonly onReady: () => void },
): RedisClient {
  const [url = '', ...others] = urls;
  return others.length === 0 ? serverClient(url, on) : clusterClient(urls, on);
}

const connectTimeoutMs = 1000;
/** Longer than the pings' interval, so that it ends only a connection that never came to be. */
const silenceMaxMs = 5000;

const options = {
  // A command must fail at once where it can't be sent, instead of waiting for a connection.
  disableOfflineQueue: true,
  pingInterval: 1000,
};

const socket = {
  connectTimeout: connectTimeoutMs,
  socketTimeout: silenceMaxMs,
  reconnectStrategy: (retries: number) => Math.min(20 * 2 ** Math.min(retries, 5), 500),
};

type Events = Parameters<typeof createRedisClient>[1];

function serverClient(url: string, { onLost, onReady }: Events): RedisClient {
  const client = createServerClient(url);
  client.setMaxListeners(0);
  client.on('error', onLost).on('end', onLost).on('reconnecting', onLost).on('ready', onReady);
  return {
    commands: client,
    get isOpen() {
      return client.isOpen;
    },
    get isReady() {
      return client.isReady;
    },
    connect: () => client.connect(),
    destroy: () => client.destroy(),
    readIncarnation: async () => incarnationOf(await client.info()),
    isCluster: false,
  };
}

function createServerClient(url: string) {
  return createClient({ ...options, url, socket });
}

function clusterClient(urls: readonly string[], { onLost, onReady }: Events): RedisClient {
  const cluster = createClusterClient(urls);
  cluster.setMaxListeners(0);
  for (const event of ['error', 'disconnect', 'node-error', 'node-reconnecting', 'node-disconnect']) {
    cluster.on(event, onLost);
  }
  cluster.on('connect', onReady).on('node-ready', onReady);
  return {
    commands: cluster,
    get isOpen() {
      return cluster.isOpen;
    },
    get isReady() {
      return cluster.isOpen;
    },
    connect: () => cluster.connect(),
    destroy: () => cluster.destroy(),
    async readIncarnation() {
      const incarnations = await Promise.all(
        cluster.masters.map(async (master) => {
          const node = await cluster.nodeClient(master);
          const [info, state] = await Promise.all([node.info(), node.clusterInfo()]);
          const size = Number(field(state, 'cluster_size'));
          return { size, incarnation: `${incarnationOf(info)} ${field(state, 'cluster_current_epoch')}` };
        }),
      );
      // While it is being discovered, or changes, some masters are unknown; two processes that know of none would agree.
      if (incarnations.length === 0 || incarnations.some(({ size }) => size !== incarnations.length)) {
        throw new Error(`Not all masters of the Redis cluster are known; ${incarnations.length} are.`);
      }
      const text = incarnations
        .map(({ incarnation }) => incarnation)
        .toSorted()
        .join('\n');
      return createHash('sha256').update(text).digest('hex').slice(0, 40);
    },
    isCluster: true,
  };
}

function createClusterClient(urls: readonly string[]) {
  const { username, password, protocol } = new URL(urls[0] ?? '');
  return createCluster({
    rootNodes: urls.map((url) => ({ url })),
    // Servers that are found through the first ones are reached in the same way as these.
    defaults: {
      ...options,
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      socket: protocol === 'rediss:' ? { ...socket, tls: true } : socket,
    },
  });
}

/** A replica's copy may be older than what its master has confirmed. */
function incarnationOf(info: string): string {
  const role = field(info, 'role');
  if (role !== 'master') throw new Error(`This Redis server is no master; its role is ${role}.`);
  return field(info, 'run_id');
}

function field(info: string, name: string): string {
  const value = new RegExp(`^${name}:(\\w+)`, 'm').exec(info)?.[1];
  if (value === undefined) throw new Error(`Redis does not tell its ${name}.`);
  return value;
}
