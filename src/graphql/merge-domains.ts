import type { Rule } from './access.ts';
import { connectionResolvers } from './connection.ts';
import { domains } from './domains.ts';
import type { FieldCost } from './field-costs.ts';
import { typeDefinitions } from './generated/type-definitions.ts';
import type { RootName } from './resolver-types-strict.ts';
import { createSharedDomain } from './shared.ts';
import { subscriptionField } from './subscription-field.ts';

/** Values of all domains by type and field. */
type ByField<Value> = Readonly<Record<string, Readonly<Record<string, Value>>>>;

/** The resolvers of all domains, by type and field. */
export function mergeResolvers(): ByField<unknown> {
  const connections = typeDefinitions.matchAll(/^type (\w+Connection) /gm);
  const merged = mergeByField<unknown>([
    ...parts().map(({ resolvers }) => resolvers),
    Object.fromEntries(Array.from(connections, ([, name = '']) => [name, connectionResolvers])),
  ]);
  const streams = Object.entries(merged['Subscription'] ?? {});
  const fields = streams.map(([name, open]) => [name, subscriptionField(open)] as const);
  return { ...merged, Subscription: Object.fromEntries(fields) };
}

/** The access rules of all domains, by root and field. */
export function mergeAccess(): Readonly<Record<RootName, Readonly<Record<string, Rule>>>> {
  const {
    Query = {},
    Mutation = {},
    Subscription = {},
  } = mergeByField<Rule>(parts().map(({ access }) => access));
  return { Query, Mutation, Subscription };
}

/** The costs of fields that differ from the default, by type and field. */
export function mergeCosts(): ByField<FieldCost> {
  return mergeByField<FieldCost>(Object.values(domains).map(({ costs = {} }) => costs));
}

function parts() {
  const all = Object.values(domains);
  return [createSharedDomain(all.flatMap(({ node = [] }) => node)), ...all];
}

function mergeByField<Value>(
  maps: readonly Readonly<Record<string, Readonly<Record<string, Value>> | undefined>>[],
): ByField<Value> {
  const merged: Record<string, Record<string, Value>> = {};
  for (const map of maps) {
    for (const [type, fields] of Object.entries(map)) merged[type] = { ...merged[type], ...fields };
  }
  return merged;
}
