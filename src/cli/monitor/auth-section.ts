import { z } from 'zod';
import type { CredentialStatistics, Finding } from '../../domains/statistics/model.ts';
import type { StatisticsQueries } from '../../domains/statistics/queries.ts';
import { askServer, counters, NotReachable, type ServerAddress } from './ask-server.ts';
import { above, count, percent, tableOf, type Section, type Table } from './section.ts';

const loadSchema = z.object({
  statementsPerRequest: z.number(),
  statementsPerAuthentication: z.number(),
  statementsSavedByCaches: z.number(),
  reduction: z.number(),
});

const syncSchema = z.object({
  attempted: z.number(),
  performed: z.number(),
  skipped: z.number(),
  created: z.number(),
  failed: z.number(),
  staleServed: z.number(),
  skipRate: z.number(),
});

type Load = z.output<typeof loadSchema>;
type Sync = z.output<typeof syncSchema>;

/** Before so many attempts a share says nothing. */
const enough = 20;

/** Who could come in, and what it costs to let them. */
export async function authSection(
  { queries, at }: { readonly queries: Pick<StatisticsQueries, 'credentials'>; readonly at: Date },
  server: ServerAddress | null,
): Promise<Section> {
  const credentials = credentialsTable(await queries.credentials(at));
  const section = {
    view: 'auth',
    title: 'Credentials and their checks',
    tables: [credentials],
    findings: [],
  } as const;
  if (server === null) return { ...section, notes: [counters.missing] };

  const load = await askServer(server, 'databaseLoad', loadSchema.shape, loadSchema);
  if (load instanceof NotReachable) return { ...section, notes: [load.message], isUnknown: true };
  const sync = await askServer(server, 'identitySync', syncSchema.shape, syncSchema);
  if (sync instanceof NotReachable) return { ...section, notes: [sync.message], isUnknown: true };
  return {
    ...section,
    tables: [
      credentials,
      ...(load === null ? [] : [loadTable(load)]),
      ...(sync === null ? [] : [syncTable(sync)]),
    ],
    notes: [
      counters.ofOneProcess,
      ...(load === null ? [counters.notTold('databaseLoad')] : []),
      ...(sync === null ? [counters.notTold('identitySync')] : []),
    ],
    findings: sync === null ? [] : findingsOfSync(sync),
  };
}

function credentialsTable(credentials: CredentialStatistics): Table {
  return tableOf(
    'credentials',
    [credentials],
    [
      { title: 'live sessions', text: ({ liveSessions }) => count(liveSessions), isNumber: true },
      { title: 'begun in 24 h', text: ({ sessionsOfToday }) => count(sessionsOfToday), isNumber: true },
      { title: 'live API keys', text: ({ liveApiKeys }) => count(liveApiKeys), isNumber: true },
      { title: 'used in 24 h', text: ({ apiKeysUsedToday }) => count(apiKeysUsedToday), isNumber: true },
    ],
  );
}

function loadTable(load: Load): Table {
  return tableOf(
    'databaseLoad',
    [load],
    [
      { title: 'statements per request', text: (row) => row.statementsPerRequest.toFixed(2), isNumber: true },
      {
        title: 'per authentication',
        text: (row) => row.statementsPerAuthentication.toFixed(3),
        isNumber: true,
        level: (row) => above(row.statementsPerAuthentication, 0.1, 0.5),
      },
      { title: 'saved by caches', text: (row) => count(row.statementsSavedByCaches), isNumber: true },
      { title: 'reduction', text: (row) => percent(row.reduction), isNumber: true },
    ],
  );
}

function syncTable(sync: Sync): Table {
  return tableOf(
    'identitySync',
    [sync],
    [
      { title: 'attempted', text: ({ attempted }) => count(attempted), isNumber: true },
      { title: 'performed', text: ({ performed }) => count(performed), isNumber: true },
      { title: 'skipped', text: ({ skipped }) => count(skipped), isNumber: true },
      { title: 'created', text: ({ created }) => count(created), isNumber: true },
      {
        title: 'failed',
        text: ({ failed }) => count(failed),
        isNumber: true,
        level: ({ failed }) => above(failed, 1, Infinity),
      },
      { title: 'served stale', text: ({ staleServed }) => count(staleServed), isNumber: true },
      { title: 'skip rate', text: ({ skipRate }) => percent(skipRate), isNumber: true },
    ],
  );
}

function findingsOfSync({ attempted, failed }: Sync): readonly Finding[] {
  if (attempted < enough || failed < 0.05 * attempted) return [];
  return [
    {
      kind: 'identity sync',
      severity: 'warning',
      subject: 'identity provider',
      finding: `${count(failed)} of ${count(attempted)} synchronisations failed`,
      advice: 'People come in with what was known of them last: look into the log for the reason.',
    },
  ];
}
