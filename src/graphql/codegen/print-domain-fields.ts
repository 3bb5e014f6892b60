import { printDomainFields, readDomainSdl } from './domain-sdl.ts';

/** A plugin of graphql-codegen that lists the fields each domain has to resolve. */
export function plugin(): string {
  return printDomainFields(readDomainSdl());
}
