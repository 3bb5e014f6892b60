import { viewerOf } from '../../graphql/access.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import { bounded } from '../../graphql/bounded.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { storableText } from '../../platform/text.ts';
import { BadUserInput } from '../../platform/errors.ts';
import type { Operations as OperationsRow } from './model.ts';

// All `operations` parents of a request are the same object, so each batch loads once for all parents.

const slowQueriesMax = 200;
const daysMax = 366;
/** PostgreSQL cuts longer names. */
const nameCharactersMax = 63;

/** The queries of statistics. */
export const Query: ResolversOf<'statistics', 'Query'> = {
  operations: (_parent, _args, { clock }) => ({ askedAt: new Date(clock.now()) }),
};

/** The mutations of statistics. */
export const Mutation: ResolversOf<'statistics', 'Mutation'> = {
  cleanupExpiredData: withUserErrors(async (_args, context) => ({
    removed: await context.services.statistics.cleanUpFor(viewerOf(context)),
  })),
  refreshStatistics: withUserErrors(async (_args, context) => {
    await context.services.statistics.refreshFor(viewerOf(context));
    return { tables: await context.loaders.statistics.tables() };
  }),
};

/** The fields of `Operations` that this domain resolves. */
export const Operations: ResolversOf<'statistics', 'Operations'> = {
  slowQueries: batched(async (parents: readonly OperationsRow[], { first }, { loaders }) => {
    const rows = await loaders.statistics.slowQueries(bounded('first', first ?? 20, 0, slowQueriesMax));
    return parents.map(() => rows);
  }),
  tables: batched(async (parents, _args, { loaders }) => {
    const rows = await loaders.statistics.tables();
    return parents.map(() => rows);
  }),
  indexes: batched(async (parents, { unusedOnly }, { loaders }) => {
    const rows = await loaders.statistics.indexes({ unusedOnly: unusedOnly ?? false });
    return parents.map(() => rows);
  }),
  columns: batched(async (parents, { table }, { loaders }) => {
    const columns = await loaders.statistics.columns(storableText('table', table, nameCharactersMax));
    if (columns === null) throw new BadUserInput(`There is no table ${table}.`);
    return parents.map(() => columns);
  }),
  userActivity: batched(async (parents, { days }, { clock, loaders }) => {
    const counted = bounded('days', days ?? 30, 1, daysMax);
    const rows = await loaders.statistics.dailyActivity(counted, new Date(clock.now()));
    return parents.map(() => rows);
  }),
};
