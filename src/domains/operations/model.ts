/** The caches by name, as the API's enum CacheName lists them. */
export type CacheName =
  | 'SETTINGS'
  | 'MODELS'
  | 'PROFILES'
  | 'SESSIONS'
  | 'IDENTITIES'
  | 'API_KEYS'
  | 'SCHEMA';

/** What warming brought into one cache. */
export interface CacheWarming {
  readonly cache: CacheName;
  /** Entries that were read from the database; those that the cache had already are not counted. */
  readonly loaded: number;
}

/** Loads all that a cache holds, where that is little; answers how many entries it read. */
export interface Warmer {
  readonly cache: CacheName;
  warm(): Promise<number>;
}

/** Loads what a cache holds of people, in a number of statements that does not grow with theirs. */
export interface PeopleWarmer {
  readonly cache: CacheName;
  /** What is loaded beyond this pushes out what was loaded before it. */
  readonly entriesMax: number;
  /** At most `entriesMax` entries; answers how many it read. */
  warm(userIds: readonly string[], entriesMax: number): Promise<number>;
}
