/** What a peer is told by whoever starts it. */
export interface Surroundings {
  readonly databaseUrl: string;
  readonly poolSize: number;
  readonly port: number;
  /** Whose conversations are read, by its owner. */
  readonly tenantId: string;
  /** Where messages are sent, and by whom: another tenant, so that what is read stays the same. */
  readonly writing: { readonly tenantId: string; readonly authorId: string };
}

/** Reads what the benchmark has put into the environment. */
export function readSurroundings(): Surroundings {
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
  if (value === undefined) throw new Error(`${name} is missing; peers are started by the benchmark.`);
  return value;
}
