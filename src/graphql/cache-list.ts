import type { Cache } from '../caching/cache.ts';
import type { CacheDeclaration } from '../caching/cache-declaration.ts';
import { apiKeys } from '../domains/api-key/caches.ts';
import { identities } from '../domains/identity/caches.ts';
import { models } from '../domains/model/caches.ts';
import { sessions } from '../domains/session/caches.ts';
import { settings } from '../domains/setting/caches.ts';
import { schema } from '../domains/statistics/caches.ts';
import { profiles } from '../domains/user/caches.ts';

/** All caches that outlive a request, as their domains declare them. */
export const declaredCaches = { settings, models, profiles, sessions, identities, apiKeys, schema };

/** The caches of a process. */
export type Caches = {
  readonly [Name in keyof typeof declaredCaches]: Cache<ValueOf<(typeof declaredCaches)[Name]>>;
};

type ValueOf<Declaration> = Declaration extends CacheDeclaration<infer Value> ? Value : never;

/**
 * Creates each of them; a function, because no type connects a list of declarations with a list of caches.
 */
export function createEach(create: <Value>(declaration: CacheDeclaration<Value>) => Cache<Value>): Caches {
  return {
    settings: create(settings),
    models: create(models),
    profiles: create(profiles),
    sessions: create(sessions),
    identities: create(identities),
    apiKeys: create(apiKeys),
    schema: create(schema),
  };
}
