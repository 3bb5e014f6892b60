import type { ExpiredRows, Finding } from '../../domains/statistics/model.ts';
import type { Look } from './database-sections.ts';
import { count, moment, seconds, tableOf, type Section } from './section.ts';

const day = 86_400_000;

/** What has expired and waits to be removed. */
export async function cleanUpSection({ queries, at, cleanUpIntervalMs }: Look): Promise<Section> {
  const rows = await queries.expired(at);
  // A single look that was missed is nothing, such as one that another process's restart has put off.
  const patienceMs = Math.max(day, 2 * (cleanUpIntervalMs ?? 0));
  const isLate = ({ dueSince }: ExpiredRows) =>
    dueSince !== null && at.getTime() - dueSince.getTime() > patienceMs;
  return {
    view: 'cleanup',
    title: 'What has expired and will be removed',
    tables: [
      tableOf('expired', rows, [
        { title: 'table', text: ({ table }) => table },
        { title: 'rows', text: ({ rows: due }) => count(due), isNumber: true },
        {
          title: 'due since',
          text: ({ dueSince }) => (dueSince === null ? '' : moment(dueSince)),
          level: (row) => (isLate(row) ? 'bad' : null),
        },
      ]),
    ],
    notes: cleanUpIntervalMs === null ? ['The clean-up is switched off here: CLEANUP_ENABLED is false.'] : [],
    findings: rows.filter(isLate).map((row) => findingOf(row, at)),
  };
}

function findingOf({ table, rows, dueSince }: ExpiredRows, at: Date): Finding {
  const late = dueSince === null ? 0 : (at.getTime() - dueSince.getTime()) / 1000;
  return {
    kind: 'clean-up',
    severity: 'warning',
    subject: table,
    finding: `${count(rows)} rows wait, the oldest for ${seconds(late)}`,
    advice:
      'No server has cleaned up: look for `could not be removed` in the logs, or use the mutation cleanupExpiredData.',
  };
}
