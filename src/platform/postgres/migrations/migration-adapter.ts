import { randomUUID } from 'node:crypto';
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
import { Client, DatabaseError, TypeOverrides, types, type FieldDef, type QueryArrayResult } from 'pg';

const { builtins } = types;
const nameType = 19;
const voidType = 2278;

// The types of PostgreSQL's catalogue and of Prisma's table of migrations.
const columnTypes: ReadonlyMap<number, ColumnType> = new Map<number, ColumnType>([
  [builtins.BOOL, ColumnTypeEnum.Boolean],
  [builtins.CHAR, ColumnTypeEnum.Character],
  [nameType, ColumnTypeEnum.Text],
  [builtins.INT8, ColumnTypeEnum.Int64],
  [builtins.INT2, ColumnTypeEnum.Int32],
  [builtins.INT4, ColumnTypeEnum.Int32],
  [builtins.TEXT, ColumnTypeEnum.Text],
  [builtins.OID, ColumnTypeEnum.Int64],
  [builtins.VARCHAR, ColumnTypeEnum.Text],
  [builtins.TIMESTAMPTZ, ColumnTypeEnum.DateTime],
  [voidType, ColumnTypeEnum.Text],
  [1002, ColumnTypeEnum.CharacterArray],
  [1005, ColumnTypeEnum.Int32Array],
  [1007, ColumnTypeEnum.Int32Array],
  [1009, ColumnTypeEnum.TextArray],
]);

/**
 * How Prisma's schema engine reaches PostgreSQL: over one connection without timeouts, because an index on a
 * large table takes its time. @prisma/adapter-pg is not used for this. It cuts a script at every semicolon,
 * also within texts, comments and functions, and sends the pieces one by one, so that a migration that fails
 * half-way leaves half of itself; here a script is one request, which PostgreSQL runs as one transaction.
 * Neither does it know the type "char" of the catalogue, without which no schema can be read.
 */
export class MigrationAdapterFactory implements SqlMigrationAwareDriverAdapterFactory {
  readonly provider = 'postgres';
  readonly adapterName = 'parley';
  readonly #url: string;
  readonly #adapters: MigrationAdapter[] = [];
  #failure: Error | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  async connect(): Promise<SqlDriverAdapter> {
    return await this.#open(this.#url, async () => undefined);
  }

  async connectToShadowDb(): Promise<SqlDriverAdapter> {
    const name = `parley_shadow_${randomUUID().replaceAll('-', '')}`;
    await this.#execute(`create database ${name}`);
    const url = new URL(this.#url);
    url.pathname = `/${name}`;
    return await this.#open(url.toString(), async () => await this.#execute(`drop database ${name}`));
  }

  /** Why the database could not be reached; null when it could. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Runs a statement on the engine's connection, so that a lock of the session is the engine's own. */
  async query(text: string): Promise<readonly unknown[]> {
    const [adapter] = this.#adapters;
    if (adapter === undefined) throw new Error('The schema engine has not connected yet.');
    const { rows } = await adapter.queryRaw({ sql: text, args: [], argTypes: [] });
    return rows[0] ?? [];
  }

  /** Ends every connection: the engine leaves its own open until the process ends. */
  async close(): Promise<void> {
    for (const adapter of this.#adapters) await adapter.dispose();
  }

  async #open(url: string, afterwards: () => Promise<void>): Promise<SqlDriverAdapter> {
    try {
      const adapter = await MigrationAdapter.connect(url, afterwards);
      this.#adapters.push(adapter);
      return adapter;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw toAdapterError(error);
    }
  }

  async #execute(script: string): Promise<void> {
    const adapter = await MigrationAdapter.connect(this.#url, async () => undefined);
    await adapter.executeScript(script);
    await adapter.dispose();
  }
}

class MigrationAdapter implements SqlDriverAdapter {
  readonly provider = 'postgres';
  readonly adapterName = 'parley';
  readonly #client: Client;
  #afterwards: () => Promise<void>;

  private constructor(client: Client, afterwards: () => Promise<void>) {
    this.#client = client;
    this.#afterwards = afterwards;
  }

  static async connect(url: string, afterwards: () => Promise<void>): Promise<MigrationAdapter> {
    const client = new Client({
      connectionString: url,
      application_name: 'parley migrate',
      connectionTimeoutMillis: 5000,
      keepAlive: true,
      types: createTypeParsers(),
    });
    // A connection that is lost is told by the statement that meets it; without a listener it would end the
    // process.
    client.on('error', () => undefined);
    await client.connect();
    return new MigrationAdapter(client, afterwards);
  }

  async queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    const { fields, rows } = await this.#send(query);
    return {
      columnNames: fields.map((field) => field.name),
      columnTypes: fields.map((field) => columnTypeOf(field)),
      rows,
    };
  }

  async executeRaw(query: SqlQuery): Promise<number> {
    const { rowCount } = await this.#send(query);
    return rowCount ?? 0;
  }

  async executeScript(script: string): Promise<void> {
    await this.#client.query(script).catch((error: unknown) => {
      throw toAdapterError(error);
    });
  }

  // There is one connection, so that a transaction is the connection itself; the engine sends COMMIT and
  // ROLLBACK.
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
    const afterwards = this.#afterwards;
    this.#afterwards = async () => undefined;
    await this.#client.end();
    await afterwards();
  }

  async #send(query: SqlQuery): Promise<QueryArrayResult<unknown[]>> {
    try {
      return await this.#client.query<unknown[], unknown[]>({
        text: query.sql,
        values: query.args,
        rowMode: 'array',
      });
    } catch (error) {
      throw toAdapterError(error);
    }
  }
}

// The engine takes times as text, in the form of RFC 3339.
function createTypeParsers(): TypeOverrides {
  const parsers = new TypeOverrides();
  const parseTime = types.getTypeParser(builtins.TIMESTAMPTZ);
  parsers.setTypeParser(builtins.TIMESTAMPTZ, (text) => new Date(parseTime(text)).toISOString());
  return parsers;
}

function columnTypeOf(field: FieldDef): ColumnType {
  const type = columnTypes.get(field.dataTypeID);
  if (type === undefined)
    throw new DriverAdapterError({ kind: 'UnsupportedNativeDataType', type: field.name });
  return type;
}

// The engine shows the message and the code; everything else about an error is of no use to it.
function toAdapterError(error: unknown): DriverAdapterError {
  const message = error instanceof Error ? error.message : String(error);
  const known = error instanceof DatabaseError ? error : null;
  return new DriverAdapterError({
    kind: 'postgres',
    code: known?.code ?? 'N/A',
    severity: known?.severity ?? 'N/A',
    message,
    detail: known?.detail,
    column: known?.column,
    hint: known?.hint,
  });
}
