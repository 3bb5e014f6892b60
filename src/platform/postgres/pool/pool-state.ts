/** The use of a pool's connections. */
export interface PoolState {
  readonly inUse: number;
  readonly idle: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
  /** Requests that got no connection in time, since the start. */
  readonly timeouts: number;
}
