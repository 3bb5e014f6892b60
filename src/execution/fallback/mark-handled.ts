import { hush } from './bailout.ts';
import type { Hear, Source, WrittenField } from '../plan/plan.ts';

/** Hears the promises among those properties of an object which are read only when it is written. */
export function hearing(fields: readonly WrittenField[]): Hear {
  const read = fields.flatMap((field) =>
    'constant' in field || field.slot !== null || field.resolve !== null
      ? []
      : [{ name: field.definition.name, hear: field.value.hear }],
  );
  return (value) => {
    hush(value);
    if (!isSource(value)) return;
    for (const { name, hear } of read) {
      const property = value[name];
      if (isSource(property)) hear(property);
    }
  };
}

function isSource(value: unknown): value is Source {
  return typeof value === 'object' && value !== null;
}
