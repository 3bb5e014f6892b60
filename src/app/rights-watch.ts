import type { IncomingHttpHeaders } from 'node:http';
import { decodeJwt } from 'jose';
import type { Coherence, Invalidation, InvalidationListener } from '../caching/coherence/coherence.ts';
import { apiKeyTag } from '../domains/api-key/model.ts';
import { sessionTag, type Viewer } from '../domains/session/model.ts';
import { tenantTag, userTag } from '../domains/user/model.ts';
import type { RightsOptions } from '../server/live/live-caller.ts';

/**
 * Notices when rights of viewers may have changed, by the same messages that invalidate what caches hold
 * about them.
 */
class RightsWatch implements InvalidationListener {
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #all = new Set<() => void>();

  watch(viewer: Viewer, onChange: () => void): () => void {
    const tags = tagsOf(viewer);
    for (const tag of tags) {
      const watchers = this.#watchers.get(tag) ?? new Set();
      this.#watchers.set(tag, watchers.add(onChange));
    }
    this.#all.add(onChange);
    return () => {
      this.#all.delete(onChange);
      for (const tag of tags) {
        const watchers = this.#watchers.get(tag);
        watchers?.delete(onChange);
        if (watchers?.size === 0) this.#watchers.delete(tag);
      }
    };
  }

  invalidated(invalidations: readonly Invalidation[]): void {
    for (const invalidation of invalidations) {
      if ('tag' in invalidation) this.#call(this.#watchers.get(invalidation.tag));
      // A whole cache, or one of its entries, of which the viewer is unknown.
      else this.#call(this.#all);
    }
  }

  onGap(): void {
    this.#call(this.#all);
  }

  #call(watchers: ReadonlySet<() => void> | undefined): void {
    for (const onChange of Array.from(watchers ?? [])) onChange();
  }
}

/** Creates the part of live connections that knows the rights of viewers. */
export function createRightsOptions(coherence: Coherence): RightsOptions<Viewer> {
  const watch = new RightsWatch();
  coherence.subscribe(watch);
  return {
    watchRights: (viewer, onChange) => watch.watch(viewer, onChange),
    areRightsKnown: () => coherence.isTrusted,
    hasSameRights,
    expiryOf,
  };
}

function tagsOf({ apiKeyId, session, tenantId, userId }: Viewer): string[] {
  return [
    userTag(userId),
    tenantTag(tenantId),
    ...(session === null ? [] : [sessionTag(session.id)]),
    ...(apiKeyId === null ? [] : [apiKeyTag(apiKeyId)]),
  ];
}

function hasSameRights(one: Viewer, other: Viewer): boolean {
  return (
    one.tenantId === other.tenantId &&
    one.userId === other.userId &&
    one.role === other.role &&
    one.isPlatformAdmin === other.isPlatformAdmin &&
    one.scopes.join() === other.scopes.join()
  );
}

/**
 * The end of a provider's token, which nothing announces; sessions and keys are read again from time to time.
 */
function expiryOf({ authorization = '' }: IncomingHttpHeaders): number | null {
  try {
    const { exp } = decodeJwt(authorization.replace(/^bearer +/i, ''));
    return exp === undefined ? null : exp * 1000;
  } catch {
    // Another kind of credential.
    return null;
  }
}
