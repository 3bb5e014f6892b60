import { z } from 'zod';

/** The source of a view could not be reached, so nothing is known about its state; the exit code is 2. */
export class NotReachable extends Error {}

/** The GraphQL endpoint of a server, and the token of a platform admin. */
export interface ServerAddress {
  readonly url: string;
  readonly token: string;
}

const responseSchema = z.object({
  data: z.object({ operations: z.unknown() }).nullish(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});

/**
 * Queries fields of `operations` from a running server.
 * @throws NotReachable when the server does not answer with the expected data
 */
export async function queryServer<Schema extends z.ZodType>(
  server: ServerAddress,
  selection: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const { url } = server;
  const response = responseSchema.safeParse(await send(server, `{ operations { ${selection} } }`));
  if (!response.success) throw new NotReachable(`${url} is not a Parley server.`);
  const { data, errors: [error] = [] } = response.data;
  if (error !== undefined) throw new NotReachable(`The server at ${url} refused: ${error.message}`);
  const operations = schema.safeParse(data?.operations);
  if (operations.success) return operations.data;
  throw new NotReachable(
    `The server at ${url} is of another version of Parley: its data has another format.`,
  );
}

/** Returns null for a response that is not JSON. */
async function send({ url, token }: ServerAddress, query: string): Promise<unknown> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query }),
      signal: AbortSignal.timeout(5000),
    });
    return await response.json();
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    // The message of fetch is "fetch failed"; the reason is in its cause.
    const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
    const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
    const reason = first instanceof Error ? first.message : String(first);
    throw new NotReachable(`The server at ${url} does not respond: ${reason}`, { cause: error });
  }
}
