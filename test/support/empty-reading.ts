import type { Reading } from '../../src/cli/monitor/view.ts';

/** The sources of the views of `parley monitor`, without any data. */
export const emptyReading: Reading = {
  queries: {
    slowQueries: async () => [],
    statementNote: async () => null,
    tables: async () => [],
    indexes: async () => [],
    findings: async () => [],
    expired: async () => [],
    dailyActivity: async () => [],
    tenantActivity: async () => [],
    credentials: async () => ({ liveSessions: 0, sessionsOfToday: 0, liveApiKeys: 0, apiKeysUsedToday: 0 }),
    connections: async () => ({
      connectionsMax: 100,
      connections: 10,
      longestTransactionSeconds: 0,
      longestIdleInTransactionSeconds: 0,
      groups: [],
      blocked: [],
    }),
  },
  at: new Date(0),
  cleanUpIntervalMs: null,
  server: null,
  isServerRequired: true,
};
