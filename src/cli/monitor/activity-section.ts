import type { DailyActivity, TenantActivity } from '../../domains/statistics/model.ts';
import type { Look } from './database-sections.ts';
import { count, tableOf, type Section } from './section.ts';

const daysShown = 7;
const tenantsShown = 10;

/** What people did lately, and in which tenants. Nothing of it is good or bad in itself. */
export async function activitySection({ queries, at }: Pick<Look, 'queries' | 'at'>): Promise<Section> {
  const [days, tenants] = await Promise.all([
    queries.dailyActivity(daysShown, at),
    queries.tenantActivity(tenantsShown),
  ]);
  return {
    view: 'activity',
    title: `The last ${daysShown} days in UTC, and the ${tenantsShown} busiest tenants`,
    tables: [daysTable(days), tenantsTable(tenants)],
    notes: [],
    findings: [],
  };
}

function daysTable(days: readonly DailyActivity[]) {
  return tableOf('days', days, [
    { title: 'day', text: ({ date }) => date.toISOString().slice(0, 10) },
    { title: 'active users', text: ({ activeUsers }) => count(activeUsers), isNumber: true },
    { title: 'new users', text: ({ newUsers }) => count(newUsers), isNumber: true },
    { title: 'conversations', text: ({ conversations }) => count(conversations), isNumber: true },
    { title: 'messages', text: ({ messages }) => count(messages), isNumber: true },
    { title: 'sign-ins', text: ({ signIns }) => count(signIns), isNumber: true },
  ]);
}

function tenantsTable(tenants: readonly TenantActivity[]) {
  return tableOf('tenants', tenants, [
    { title: 'tenant', text: ({ slug }) => slug },
    { title: 'members', text: ({ members }) => count(members), isNumber: true },
    { title: 'live sessions', text: ({ activeSessions }) => count(activeSessions), isNumber: true },
    { title: 'conversations', text: ({ conversations }) => count(conversations), isNumber: true },
    { title: 'messages', text: ({ messages }) => count(messages), isNumber: true },
    { title: 'today', text: ({ messagesToday }) => count(messagesToday), isNumber: true },
    { title: 'in 30 days', text: ({ messagesOfLast30Days }) => count(messagesOfLast30Days), isNumber: true },
  ]);
}
