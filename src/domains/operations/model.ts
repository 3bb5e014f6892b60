/** The caches by name, as the API's enum CacheName lists them. */
export type CacheName =
  | 'SETTINGS'
  | 'MODELS'
  | 'PROFILES'
  | 'SESSIONS'
  | 'IDENTITIES'
  | 'API_KEYS'
  | 'SCHEMA';
