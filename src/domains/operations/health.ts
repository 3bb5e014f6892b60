import type { ComponentHealth, Health, HealthStatus, IdentitySyncStatistics } from './model.ts';
import type { OperationsQueries } from './queries.ts';

/** With fewer attempts, a failure rate is not meaningful. */
const enoughAttempts = 20;
const failedShareMax = 0.05;

/** Checks the health of the server. */
export type CheckHealth = () => Promise<Health>;

/**
 * Checks every dependency of the server. The check never rejects: a dependency without a response is
 * unhealthy.
 */
export function createHealthCheck(options: {
  readonly queries: Pick<OperationsQueries, 'ping' | 'appliedMigrations'>;
  /** The components that readiness depends on. */
  readonly isReady: () => Promise<{ readonly components: readonly Omit<ComponentHealth, 'latencyMs'>[] }>;
  /** The migrations this version requires. */
  readonly knownMigrations: () => Promise<readonly string[]>;
  readonly identitySync: () => Pick<IdentitySyncStatistics, 'attempted' | 'failed'>;
  readonly hasIdentityProvider: boolean;
  readonly uptimeMs: () => number;
  readonly version: string;
}): CheckHealth {
  const { queries, isReady, identitySync, hasIdentityProvider, uptimeMs, version } = options;

  /** Null if it does not respond; the component reports the reason. */
  async function databaseLatency(): Promise<number | null> {
    const startedAt = performance.now();
    try {
      await queries.ping();
      return performance.now() - startedAt;
    } catch {
      // The readiness check meets the same error and logs it.
      return null;
    }
  }

  async function migrations(): Promise<ComponentHealth> {
    const component = { name: 'migrations', latencyMs: null } as const;
    try {
      const applied = await queries.appliedMigrations();
      const known = await options.knownMigrations();
      const pending = known.filter((name) => !applied.includes(name));
      const unknown = applied.filter((name) => !known.includes(name));
      const faults = [
        ...pending.map((name) => `${name} is not applied.`),
        ...unknown.map((name) => `${name} is of another version.`),
      ];
      if (faults.length === 0) return { ...component, status: 'HEALTHY', message: null };
      return { ...component, status: 'DEGRADED', message: faults.join(' ') };
    } catch {
      return { ...component, status: 'UNHEALTHY', message: 'The database query failed.' };
    }
  }

  function identity(): ComponentHealth {
    const component = { name: 'identity sync', latencyMs: null } as const;
    if (!hasIdentityProvider) {
      return { ...component, status: 'HEALTHY', message: 'No identity provider is configured.' };
    }
    const { attempted, failed } = identitySync();
    if (attempted < enoughAttempts || failed < failedShareMax * attempted) {
      return { ...component, status: 'HEALTHY', message: null };
    }
    const message = `${failed} of ${attempted} synchronisations have failed since the start.`;
    return { ...component, status: 'DEGRADED', message };
  }

  return async () => {
    const [latencyMs, readiness, migrated] = await Promise.all([databaseLatency(), isReady(), migrations()]);
    const components = [
      ...readiness.components.map((component) => ({
        ...component,
        latencyMs: component.name === 'database' ? latencyMs : null,
      })),
      migrated,
      identity(),
    ];
    return { status: worstOf(components), components, uptimeSeconds: Math.floor(uptimeMs() / 1000), version };
  };
}

function worstOf(components: readonly ComponentHealth[]): HealthStatus {
  const statuses = components.map(({ status }) => status);
  if (statuses.includes('UNHEALTHY')) return 'UNHEALTHY';
  return statuses.includes('DEGRADED') ? 'DEGRADED' : 'HEALTHY';
}
