import { z } from 'zod';
import type { CacheRegistry, NamedCache } from '../../caching/cache-registry.ts';
import type { InvalidationReport, InvalidationTarget, StoreReport } from '../../caching/cache-report.ts';
import { nameOfInvalidation } from '../../caching/coherence/coherence-message.ts';
import type { Coherence, NamedInvalidation } from '../../caching/coherence/coherence.ts';
import { fromPublicId } from '../../platform/ids.ts';
import { optionalText, parseInput, invalidInput } from '../../platform/input.ts';
import type { AuditNote } from '../audit/model.ts';
import type { Viewer } from '../session/model.ts';
import { tenantTag, userTag } from '../user/model.ts';
import type { CacheWarming } from './model.ts';
import type { OperationsQueries } from './queries.ts';
import { peopleMax, type Warming } from './warming.ts';

const warmSchema = z.object({
  userIds: z
    .array(z.string().refine((id) => fromPublicId('user', id) !== null, 'is not the id of a user'))
    .max(peopleMax, `must be at most ${peopleMax}`)
    .nullish(),
  recentlyActive: z
    .int()
    .min(0, 'must be 0 or more')
    .max(peopleMax, `must be at most ${peopleMax}`)
    .nullish(),
});

const inputSchema = z.object({
  cache: z.string().nullish(),
  key: z.string().min(1, 'must not be empty').nullish(),
  userId: optionalText(z.string()),
  tenantId: optionalText(z.string()),
  dryRun: z.boolean().nullish(),
});

type Input = z.output<typeof inputSchema>;

/** The service for operations. */
export type OperationsService = ReturnType<typeof createOperationsService>;

/** Creates the service for operations of platform admins on the running server. */
export function createOperationsService(options: {
  readonly caches: CacheRegistry;
  readonly queries: OperationsQueries;
  readonly warming: Warming;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  /** Writes an action to the audit log. */
  readonly note: (viewer: Viewer, note: AuditNote) => Promise<void>;
}) {
  const { caches, queries, warming, waitForInvalidation, note } = options;

  /** True if all processes confirmed the invalidation. */
  async function announce(reached: readonly NamedCache[], target: InvalidationTarget): Promise<boolean> {
    const invalidations: readonly NamedInvalidation[] =
      target !== 'all' && 'tag' in target
        ? [target]
        : reached.map(({ name }) => (target === 'all' ? { cache: name } : { cache: name, key: target.key }));
    await queries.announce(invalidations.map(nameOfInvalidation));
    return waitForInvalidation();
  }

  return {
    /**
     * Invalidates the selected cache entries, or only counts them with `dryRun`; returns a report for each
     * cache.
     * @throws InvalidInput unless exactly one target is given
     */
    async invalidateCache(viewer: Viewer, rawInput: unknown): Promise<readonly InvalidationReport[]> {
      const input = parseInput(inputSchema, rawInput);
      const target = targetFrom(input);
      const named = input.cache ?? null;
      const cache = named === null ? null : caches.find(named);
      const reached = cache === null ? caches.all() : [cache];
      // Before the invalidation: without an audit entry there must be none, and an invalidation cannot fail.
      await note(viewer, noteOf(input));
      if (input.dryRun === true) return reached.map((each) => dryRunOf(each, target));
      const reports = await Promise.all(reached.map((each) => counted(each, target)));
      const broadcast = broadcastReport(await announce(reached, target));
      return reports.map((report) => ({ ...report, stores: [...report.stores, broadcast] }));
    },

    /**
     * Fills this process's caches with shared data and with the data of the given users.
     * @throws InvalidInput with every ID that is not a user's; users that do not exist are ignored
     */
    async warmCaches(viewer: Viewer, rawInput: unknown): Promise<readonly CacheWarming[]> {
      const input = parseInput(warmSchema, rawInput);
      const recentlyActive = input.recentlyActive ?? 0;
      const userIds = (input.userIds ?? []).flatMap((id) => fromPublicId('user', id) ?? []);
      const details = { userIds: userIds.length, recentlyActive };
      await note(viewer, { action: 'warmCaches', target: null, details });
      return warming.warm({ userIds, recentlyActive });
    },
  };
}

function targetFrom({ cache, key, userId, tenantId }: Input): InvalidationTarget {
  const named = [cache, userId, tenantId].filter((value) => value !== null && value !== undefined);
  const isKeyAlone = typeof key === 'string' && typeof cache !== 'string';
  if (named.length !== 1 || isKeyAlone) {
    throw invalidInput(
      'BAD_USER_INPUT',
      'Name exactly one of: `cache`, `cache` with `key`, `userId`, or `tenantId`.',
    );
  }
  if (typeof userId === 'string') return { tag: userTag(uuidOf('user', userId, 'userId')) };
  if (typeof tenantId === 'string') return { tag: tenantTag(uuidOf('tenant', tenantId, 'tenantId')) };
  return typeof key === 'string' ? { key } : 'all';
}

/** The audit note, without the key: some keys derive from credentials. */
function noteOf({ cache, key, userId, tenantId, dryRun }: Input): AuditNote {
  return {
    action: 'invalidateCache',
    target: userId ?? tenantId ?? cache ?? null,
    details: { isOneEntry: typeof key === 'string', dryRun: dryRun === true },
  };
}

/**
 * The UUID of a public ID; users and tenants that do not exist are accepted, as no cache has entries of them.
 */
function uuidOf(prefix: string, publicId: string, field: string): string {
  const uuid = fromPublicId(prefix, publicId);
  if (uuid === null)
    throw invalidInput('BAD_USER_INPUT', `\`${field}\` is not the id of a ${prefix}.`, [field]);
  return uuid;
}

/**
 * Invalidates and counts entries; only an admin's rare invalidation by tag may visit entries to count them.
 */
async function counted(cache: NamedCache, target: InvalidationTarget): Promise<InvalidationReport> {
  const removed = cache.count(target);
  return { ...(await cache.invalidate(target)), removed };
}

function broadcastReport(isConfirmed: boolean): StoreReport {
  const message =
    'Not all processes confirmed the invalidation; the others have stopped serving from caches.';
  return { store: 'broadcast', ok: isConfirmed, message: isConfirmed ? null : message };
}

function dryRunOf(cache: NamedCache, target: InvalidationTarget): InvalidationReport {
  const stores = [
    { store: cache.statistics().store, ok: true, message: 'Dry run: nothing was invalidated.' },
  ];
  return { cache: cache.name, removed: cache.count(target), stores };
}
