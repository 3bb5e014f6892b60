import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { withSchemaEngine } from '../../prisma/draft/schema-engine.ts';

// Prisma's command line starts its engine as a program and sends it one JSON-RPC request per line. This
// program answers with the same engine in WebAssembly, because npm does not contain the original.
const requestSchema = z.object({ id: z.number(), method: z.string(), params: z.unknown() });

const { values } = parseArgs({
  options: { datamodels: { type: 'string' }, datasource: { type: 'string' } },
});

await serve(values.datamodels ?? '', values.datasource ?? '');

async function serve(path: string, datasource: string): Promise<void> {
  const { url } = z.object({ url: z.string() }).parse(JSON.parse(datasource));
  const schema = { path, content: await readFile(path, 'utf8') };
  await withSchemaEngine(url, schema, async (engine) => {
    for await (const line of createInterface({ input: process.stdin })) {
      const { id, method, params } = requestSchema.parse(JSON.parse(line));
      const call: unknown = Reflect.get(engine, method);
      if (typeof call !== 'function') throw new Error(`The engine has no method ${method}.`);
      const answer = await Promise.resolve(Reflect.apply(call, engine, [params])).then(
        (result: unknown) => ({ result: result ?? null }),
        (error: unknown) => ({ error: { code: 4466, message: String(error), data: toData(error) } }),
      );
      process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`);
    }
  });
}

function toData(error: unknown) {
  return { is_panic: false, message: error instanceof Error ? error.message : String(error), meta: {} };
}
