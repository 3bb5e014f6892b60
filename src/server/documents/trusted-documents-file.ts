import { readFile } from 'node:fs/promises';
import { Kind, parse, validate, type GraphQLSchema } from 'graphql';
import { z } from 'zod';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { TrustedDocument } from './trusted-documents.ts';

/** Apollo's format, as its generate-persisted-query-manifest and others write it. */
const manifestSchema = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(
    z.object({
      id: z.string().min(1),
      name: z.string(),
      type: z.enum(['query', 'mutation', 'subscription']),
      body: z.string().min(1),
    }),
  ),
});

/** The `persisted-documents.json` of graphql-codegen's client preset: texts by their hashes. */
const presetSchema = z.record(z.string().min(1), z.string().min(1));

type Operation = z.output<typeof manifestSchema>['operations'][number];

/** A manifest that cannot be used; the message lists every error, one a line. */
class InvalidManifest extends Error {
  constructor(path: string, faults: readonly string[]) {
    super(`The trusted documents in ${path} cannot be used:\n${faults.join('\n')}`);
    this.name = 'InvalidManifest';
  }
}

/**
 * The trusted documents that a manifest lists. Operations that this schema cannot answer are logged: they may
 * belong to an older client, which must not keep the server from starting.
 * @throws InvalidManifest
 */
export async function readTrustedDocuments(
  path: string,
  options: { readonly schema: GraphQLSchema; readonly logger: Logger },
): Promise<readonly TrustedDocument[]> {
  const { operations } = await readManifest(path);
  const ids = operations.map(({ id }) => id);
  const faults = operations.flatMap((operation, index) => [
    ...(ids.indexOf(operation.id) === index ? [] : [`${operation.id}: is listed twice`]),
    ...faultsOf(operation),
  ]);
  if (faults.length > 0) throw new InvalidManifest(path, faults);
  for (const { id, name, body } of operations) {
    const [error] = validate(options.schema, parse(body));
    if (error === undefined) continue;
    options.logger.warn({ id, name, reason: error.message }, 'a trusted document does not fit the schema');
  }
  return operations.map(({ id, name, body }) => ({ id, name, text: body }));
}

async function readManifest(path: string): Promise<Pick<z.output<typeof manifestSchema>, 'operations'>> {
  const text = await readText(path);
  try {
    const content: unknown = JSON.parse(text);
    const preset = presetSchema.safeParse(content);
    if (preset.success) return { operations: Object.entries(preset.data).map(operationOfPreset) };
    return manifestSchema.parse(content);
  } catch (error) {
    if (error instanceof SyntaxError) throw new InvalidManifest(path, ['It is not JSON.']);
    if (!(error instanceof z.ZodError)) throw error;
    throw new InvalidManifest(
      path,
      error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
    );
  }
}

/** Returns an operation as a manifest lists it; a text that is not GraphQL is reported later. */
function operationOfPreset([id, body]: readonly [string, string]): Operation {
  const [, type = 'query', name = ''] = /^\s*(query|mutation|subscription)\s+(\w+)/m.exec(body) ?? [];
  return { id, name, type: z.enum(['query', 'mutation', 'subscription']).parse(type), body };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new InvalidManifest(path, [error instanceof Error ? error.message : 'It cannot be read.']);
  }
}

function faultsOf({ id, name, type, body }: Operation): string[] {
  try {
    const operations = parse(body).definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    const [operation] = operations;
    if (operation?.kind !== Kind.OPERATION_DEFINITION || operations.length > 1) {
      return [`${id}: its body must have one operation`];
    }
    const isNamed = operation.name?.value === name && operation.operation === type;
    return isNamed ? [] : [`${id}: its body is not the ${type} ${name}`];
  } catch (error) {
    return [`${id}: ${error instanceof Error ? error.message : 'its body is not GraphQL'}`];
  }
}
