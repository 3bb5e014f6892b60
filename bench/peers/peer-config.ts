/** The configuration of a peer. */
export interface PeerConfig {
  readonly databaseUrl: string;
  readonly poolSize: number;
  readonly port: number;
  /** The tenant of the conversations that are read. */
  readonly tenantId: string;
  /**
   * The tenant and author of sent messages: another tenant, so that the conversations that are read do not
   * change.
   */
  readonly writing: { readonly tenantId: string; readonly authorId: string };
}

/** Reads the configuration from environment variables. @throws Error when a variable is missing */
export function readPeerConfig(): PeerConfig {
  return {
    databaseUrl: required('DATABASE_URL'),
    poolSize: Number(required('POOL_SIZE')),
    port: Number(required('PORT')),
    tenantId: required('TENANT_ID'),
    writing: { tenantId: required('WRITE_TENANT_ID'), authorId: required('WRITE_AUTHOR_ID') },
  };
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is missing. The benchmark starts the peers.`);
  return value;
}
