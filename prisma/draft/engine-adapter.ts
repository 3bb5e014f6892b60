import {
  ColumnTypeEnum,
  DriverAdapterError,
  type ColumnType,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
  type SqlResultSet,
  type Transaction,
} from '@prisma/driver-adapter-utils';
import { Client, DatabaseError, TypeOverrides, types, type QueryArrayResult } from 'pg';

const { builtins } = types;

// The types of PostgreSQL's catalogue and of Prisma's table of migrations.
const columnTypes: ReadonlyMap<number, ColumnType> = new Map<number, ColumnType>([
  [builtins.BOOL, ColumnTypeEnum.Boolean],
  [builtins.CHAR, ColumnTypeEnum.Character],
  [builtins.INT8, ColumnTypeEnum.Int64],
  [builtins.INT2, ColumnTypeEnum.Int32],
  [builtins.INT4, ColumnTypeEnum.Int32],
  [builtins.TEXT, ColumnTypeEnum.Text],
  [builtins.OID, ColumnTypeEnum.Int64],
  [builtins.VARCHAR, ColumnTypeEnum.Text],
  [builtins.TIMESTAMPTZ, ColumnTypeEnum.DateTime],
  // name, void, and the arrays of char, int2, int4 and text, which pg does not list.
  [19, ColumnTypeEnum.Text],
  [2278, ColumnTypeEnum.Text],
  [1002, ColumnTypeEnum.CharacterArray],
  [1005, ColumnTypeEnum.Int32Array],
  [1007, ColumnTypeEnum.Int32Array],
  [1009, ColumnTypeEnum.TextArray],
]);

/**
 * Connects Prisma's schema engine to PostgreSQL. @prisma/adapter-pg does not serve, because it lacks the type
 * "char" of the catalogue and cuts scripts at every semicolon.
 */
export class EngineAdapterFactory implements SqlMigrationAwareDriverAdapterFactory {
  readonly provider = 'postgres';
  readonly adapterName = 'parley';
  readonly #url: string;
  readonly #adapters: EngineAdapter[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  async connect(): Promise<SqlDriverAdapter> {
    const client = new Client({ connectionString: this.#url, types: createTypeParsers() });
    const adapter = new EngineAdapter(client);
    this.#adapters.push(adapter);
    await client.connect();
    return adapter;
  }

  async connectToShadowDb(): Promise<SqlDriverAdapter> {
    throw new Error('Drafts make their own shadow database.');
  }

  /** Ends every connection: the engine leaves its own open until the process ends. */
  async close(): Promise<void> {
    for (const adapter of this.#adapters) await adapter.dispose();
  }
}

class EngineAdapter implements SqlDriverAdapter {
  readonly provider = 'postgres';
  readonly adapterName = 'parley';
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    const { fields, rows } = await this.#send(query);
    return {
      columnNames: fields.map(({ name }) => name),
      columnTypes: fields.map(({ name, dataTypeID }) => {
        const type = columnTypes.get(dataTypeID);
        if (type === undefined) throw new Error(`The column ${name} has the unknown type ${dataTypeID}.`);
        return type;
      }),
      rows,
    };
  }

  async executeRaw(query: SqlQuery): Promise<number> {
    return (await this.#send(query)).rowCount ?? 0;
  }

  async executeScript(script: string): Promise<void> {
    await this.#client.query(script).catch((error: unknown) => {
      throw toAdapterError(error);
    });
  }

  // The engine sends COMMIT and ROLLBACK itself, on the only connection.
  async startTransaction(): Promise<Transaction> {
    await this.executeScript('begin');
    return {
      provider: this.provider,
      adapterName: this.adapterName,
      options: { usePhantomQuery: false },
      queryRaw: async (query) => await this.queryRaw(query),
      executeRaw: async (query) => await this.executeRaw(query),
      commit: async () => undefined,
      rollback: async () => undefined,
    };
  }

  getConnectionInfo() {
    return { supportsRelationJoins: true };
  }

  async dispose(): Promise<void> {
    await this.#client.end();
  }

  async #send(query: SqlQuery): Promise<QueryArrayResult<unknown[]>> {
    const { sql: text, args: values } = query;
    return await this.#client
      .query<unknown[], unknown[]>({ text, values, rowMode: 'array' })
      .catch((error: unknown) => {
        throw toAdapterError(error);
      });
  }
}

// The engine takes times as text, in the form of RFC 3339.
function createTypeParsers(): TypeOverrides {
  const parsers = new TypeOverrides();
  const parseTime = types.getTypeParser(builtins.TIMESTAMPTZ);
  parsers.setTypeParser(builtins.TIMESTAMPTZ, (text) => new Date(parseTime(text)).toISOString());
  return parsers;
}

// The engine shows nothing of an error but its message and code.
function toAdapterError(error: unknown): DriverAdapterError {
  const known = error instanceof DatabaseError ? error : null;
  return new DriverAdapterError({
    kind: 'postgres',
    code: known?.code ?? 'N/A',
    severity: known?.severity ?? 'N/A',
    message: error instanceof Error ? error.message : String(error),
    detail: known?.detail,
    column: known?.column,
    hint: known?.hint,
  });
}
