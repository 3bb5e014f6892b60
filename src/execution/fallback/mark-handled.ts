import { ignoreRejections } from './bailout.ts';
import type { MarkHandled, Source, WrittenField } from '../plan/plan.ts';

/** Hears the promises among those properties of an object which are read only when it is written. */
export function handledProperties(fields: readonly WrittenField[]): MarkHandled {
  const read = fields.flatMap((field) =>
    'constant' in field || field.slot !== null || field.resolve !== null
      ? []
      : [{ name: field.definition.name, markHandled: field.value.markHandled }],
  );
  return (value) => {
    ignoreRejections(value);
    if (!isSource(value)) return;
    for (const { name, markHandled } of read) {
      const property = value[name];
      if (isSource(property)) markHandled(property);
    }
  };
}

function isSource(value: unknown): value is Source {
  return typeof value === 'object' && value !== null;
}
