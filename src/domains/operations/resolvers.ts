import { viewerOf } from '../../graphql/access.ts';
import { withUserErrorsOr } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import { bounded } from '../../graphql/bounded.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { windowMinutesMax } from '../../platform/telemetry/request-stats.ts';

const statementsMax = 200;

/** The mutations of operations. */
export const Mutation: ResolversOf<'operations', 'Mutation'> = {
  invalidateCache: withUserErrorsOr({ caches: [] }, async ({ input }, context) => ({
    caches: await context.services.operations.invalidateCache(viewerOf(context), input),
  })),
  warmCaches: withUserErrorsOr({ caches: [] }, async ({ input }, context) => ({
    caches: await context.services.operations.warmCaches(viewerOf(context), input),
  })),
};

/** The fields of `Operations` that this domain resolves. */
export const Operations: ResolversOf<'operations', 'Operations'> = {
  process: (_operations, _args, { services }) => services.monitoring.process(),
  health: batched(async (parents, _args, { services }) => {
    const health = await services.monitoring.health();
    return parents.map(() => health);
  }),
  caches: (_operations, _args, { services }) => [...services.monitoring.caches()],
  requests: (_operations, { windowMinutes }, { services }) =>
    services.monitoring.requests(bounded('windowMinutes', windowMinutes ?? 15, 1, windowMinutesMax)),
  databaseLoad: (_operations, _args, { services }) => services.monitoring.databaseLoad(),
  connectionPool: (_operations, _args, { services }) => services.monitoring.connectionPool(),
  executions: (_operations, _args, { services }) => {
    const { fast, unplanned, handedOver } = services.monitoring.executions();
    return { fast, unplanned: [...unplanned], handedOver: [...handedOver] };
  },
  identitySync: (_operations, _args, { services }) => services.monitoring.identitySync(),
  explain: batched(async (parents, { operation, variables }, context) => {
    const statements = await context.explain(context, operation, variables ?? {});
    const answered = statements.map(({ text, ...explained }) => ({
      ...explained,
      statement: text,
      plan: [...explained.plan],
    }));
    return parents.map(() => answered);
  }),
};

/** The fields of `DatabaseLoad` that this domain resolves. */
export const DatabaseLoad: ResolversOf<'operations', 'DatabaseLoad'> = {
  byStatement: (_load, { first }, { services }) =>
    services.monitoring.statements(bounded('first', first ?? 20, 0, statementsMax)),
};
