import { createHash } from 'node:crypto';
import { createClient, createCluster } from '@redis/client';

type Server = ReturnType<typeof createServerClient>;
type Cluster = ReturnType<typeof createClusterClient>;

/** A connection to one Redis server, or to a cluster of them. */
export interface RedisClient {
  /** The client under the Keyv adapter. */
  readonly commands: Server | Cluster;
  /** Connected, or trying to be. */
  readonly isOpen: boolean;
  /** Connected, as far as is known. */
  readonly isReady: boolean;
  /** Retries until it succeeds; rejects only if it is destroyed first. */
  connect(): Promise<unknown>;
  destroy(): void;
  /** Reads an ID of the running servers. Rejects unless all of them are masters. */
  readIncarnation(): Promise<string>;
  /** True if the responsible servers can change without losing a connection. */
  readonly isCluster: boolean;
}

/**
 * Creates a client without connecting. `onLost` is called whenever a connection is or may be lost, `onReady`
 * for each new one.
 */
export function createRedisClient(
  urls: readonly string[],
  on: { readonly onLost: (error: unknown) => void; readonly onReady: () => void },
): RedisClient {
  const [url = '', ...others] = urls;
  return others.length === 0 ? serverClient(url, on) : clusterClient(urls, on);
}

const connectTimeoutMs = 1000;
/** Longer than the interval of the pings, so that it affects only connections that were never established. */
const silenceMaxMs = 5000;

const options = {
  // A command that cannot be sent fails immediately instead of waiting for a connection.
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
      // During discovery or failover some masters are unknown, and two processes that know none would agree.
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
    // Discovered servers are reached with the options of the configured ones.
    defaults: {
      ...options,
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      socket: protocol === 'rediss:' ? { ...socket, tls: true } : socket,
    },
  });
}

/** Rejects replicas, because their data may be older than their master's. */
function incarnationOf(info: string): string {
  const role = field(info, 'role');
  if (role !== 'master') throw new Error(`This Redis server is not a master; its role is ${role}.`);
  return field(info, 'run_id');
}

function field(info: string, name: string): string {
  const value = new RegExp(`^${name}:(\\w+)`, 'm').exec(info)?.[1];
  if (value === undefined) throw new Error(`Redis does not report its ${name}.`);
  return value;
}
