import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  concatAST,
  Kind,
  parse,
  type DocumentNode,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
} from 'graphql';
import { expandDirectives } from './expand-directives.ts';

/** The SDL of one domain, or of what all domains share. */
export interface DomainSdl {
  /** The folder's name in camel case, as in `services.apiKey`; `shared` for src/graphql. */
  readonly name: string;
  readonly folder: string;
  /** As written, with directives. */
  readonly document: DocumentNode;
}

const noDefinitions: DocumentNode = { kind: Kind.DOCUMENT, definitions: [] };

/** Reads `schema.graphql` of src/graphql and of every domain; a domain with a domain.ts alone has no SDL. */
export function readDomainSdl(): DomainSdl[] {
  const domains = readdirSync('src/domains').map((folder) => join('src/domains', folder));
  return ['src/graphql', ...domains].flatMap((folder) => {
    const file = join(folder, 'schema.graphql');
    const name = nameOf(folder);
    if (existsSync(file)) return [{ name, folder, document: parse(readFileSync(file, 'utf8')) }];
    return existsSync(join(folder, 'domain.ts')) ? [{ name, folder, document: noDefinitions }] : [];
  });
}

/** The API of all domains together, without the directives that are for code generation. */
export function assembleApi(domains: readonly DomainSdl[]): DocumentNode {
  return expandDirectives(concatAST(domains.map(({ document }) => document)));
}

/**
 * The TypeScript types of types with `@row`, and of the pages of such types, as mappers of graphql-codegen.
 */
export function rowMappers(domains: readonly DomainSdl[]): Record<string, string> {
  const mappers = domains.flatMap(({ folder, document }) =>
    objectTypesIn(document).flatMap((type) => {
      const row = rowTypeOf(type);
      if (row === null) return [];
      const name = type.name.value;
      return [
        [name, `../../${folder.replace('src/', '')}/model.ts#${row} as ${name}Row`],
        [`${name}Connection`, `../connection.ts#Connection<${name}Row>`],
      ];
    }),
  );
  const types = objectTypesIn(assembleApi(domains)).map(({ name }) => name.value);
  return Object.fromEntries(mappers.filter(([name = '']) => types.includes(name)));
}

/** TypeScript that lists the fields each domain has to resolve: those of its SDL, by type. */
export function printDomainFields(domains: readonly DomainSdl[]): string {
  const entries = domains.map(
    ({ name, document }) => `  readonly ${name}: {\n${printFields(document)}  };\n`,
  );
  return `/** The fields of object types that each domain declares. */\nexport interface DomainFields {\n${entries.join('')}}\n`;
}

function printFields(document: DocumentNode): string {
  const fields = new Map<string, string[]>();
  for (const type of objectTypesIn(document)) {
    const names = type.fields?.map((field) => `'${field.name.value}'`) ?? [];
    fields.set(type.name.value, [...(fields.get(type.name.value) ?? []), ...names]);
  }
  const lines = [...fields].filter(([, names]) => names.length > 0);
  return lines.map(([type, names]) => `    readonly ${type}: ${names.join(' | ')};\n`).join('');
}

type ObjectType = ObjectTypeDefinitionNode | ObjectTypeExtensionNode;

function objectTypesIn({ definitions }: DocumentNode): ObjectType[] {
  return definitions.filter(
    (definition): definition is ObjectType =>
      definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION,
  );
}

/**
 * The TypeScript type that `@row` names, or the type's own name without an argument; null for a type without
 * `@row`.
 */
function rowTypeOf({ name, directives = [] }: ObjectType): string | null {
  const row = directives.find((directive) => directive.name.value === 'row');
  if (row === undefined) return null;
  const type = row.arguments?.find((argument) => argument.name.value === 'type')?.value;
  return type?.kind === Kind.STRING ? type.value : name.value;
}

/** `src/domains/api-key` → `apiKey` */
function nameOf(folder: string): string {
  const last = folder.split('/').at(-1) ?? folder;
  return last === 'graphql'
    ? 'shared'
    : last.replaceAll(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase());
}
