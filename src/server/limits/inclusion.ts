import { Kind, type DirectiveNode, type SelectionNode } from 'graphql';

/** The values of the variables of `@skip` and `@include`. */
export type Conditions = ReadonlyMap<string, boolean>;

/**
 * Creates the function that returns true for a selection included under these conditions; the document may be
 * invalid.
 */
export function includedUnder(conditions: Conditions): (selection: SelectionNode) => boolean {
  return ({ directives = [] }) => directives.every((directive) => isMet(directive, conditions));
}

function isMet({ name, arguments: [argument] = [] }: DirectiveNode, conditions: Conditions): boolean {
  if (name.value !== 'skip' && name.value !== 'include') return true;
  const value = argument?.value;
  const condition =
    value?.kind === Kind.VARIABLE
      ? conditions.get(value.name.value)
      : value?.kind === Kind.BOOLEAN
        ? value.value
        : undefined;
  // What is no condition at all the validation refuses.
  return condition === undefined || condition === (name.value === 'include');
}
