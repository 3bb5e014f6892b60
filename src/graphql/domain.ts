import type { CacheRegistry } from '../caching/cache-registry.ts';
import type { Coherence } from '../caching/coherence/coherence.ts';
import type { Mail } from '../domains/account/mail.ts';
import type { AuditNote } from '../domains/audit/model.ts';
import type { FindForWriting } from '../domains/conversation/model.ts';
import type { IdentityProvider } from '../domains/identity/service.ts';
import type { Model } from '../domains/model/model.ts';
import type { Warming } from '../domains/operations/warming.ts';
import type { Viewer } from '../domains/session/model.ts';
import type { SignInLimits } from '../domains/session/sign-in-limits.ts';
import type { Settings } from '../domains/setting/model.ts';
import type { EventPlace, MessageEvent } from '../domains/event/model.ts';
import type { Feed } from '../live/feed.ts';
import type { Hint } from '../live/hint.ts';
import type { ColumnCatalog } from '../platform/postgres/column-catalog.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { LastSeenBuffer } from '../platform/postgres/last-seen-buffer.ts';
import type { PasswordPolicy } from '../platform/security/password-policy.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { AccessRules } from './access.ts';
import type { Caches } from './cache-list.ts';
import type { Queries as AllQueries } from './domains.ts';
import type { FieldCosts } from './field-costs.ts';
import type { NodeFinder } from './node.ts';
import type { DomainName, DomainResolvers } from './resolver-types-strict.ts';

/**
 * A domain as the domain.ts of its folder declares it; a line in domains.ts makes it a part of the product.
 * `Queries`, `Loaders` and `Service` are null for a domain without such a part.
 */
export interface Domain<Name extends DomainName, Queries, Loaders, Service> {
  readonly resolvers: DomainResolvers<Name>;
  readonly access: AccessRules<Name>;
  /** Costs of fields that differ from the default. */
  readonly costs?: FieldCosts<Name>;
  /** Required for a domain whose SDL has a type that implements Node. */
  readonly node?: NodeFinder | readonly NodeFinder[];
  readonly queries: (database: Database) => Queries;
  readonly loaders: (dependencies: LoaderDependencies) => Loaders;
  readonly service: (dependencies: ServiceDependencies) => Service;
}

/** The dependencies of a request's loaders. */
export interface LoaderDependencies {
  /** Statements sent here are cancelled with the request. */
  readonly database: Database;
  /** For loads into caches: all readers wait for a load, so no request may cancel the load. */
  readonly queries: AllQueries;
  readonly caches: Caches;
  readonly columnCatalog: Pick<ColumnCatalog, 'columnsOf'>;
  readonly viewer: Viewer;
}

/** The parts of live events that services use. */
interface Live {
  readonly messageFeed: Feed<EventPlace, MessageEvent>;
  /** The time for which changes of messages are kept. */
  readonly retentionMs: number;
}

/** The dependencies of services, which live as long as the process. */
export interface ServiceDependencies {
  readonly queries: AllQueries;
  readonly caches: Caches;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Waits until no process answers with what was committed before. */
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  /** Records an action in the audit log. */
  readonly note: (viewer: Viewer, note: AuditNote) => Promise<void>;
  readonly findForWriting: FindForWriting;
  readonly live: Live;
  /** To be called with the UUID of a conversation that has changed, after the commit. */
  readonly hint: Hint;
  readonly findModels: (slugs: readonly (string | null)[]) => Promise<readonly (Model | null)[]>;
  readonly currentSettings: () => Promise<Settings>;
  readonly registry: CacheRegistry;
  readonly warming: Warming;
  readonly mail: Mail;
  /** True if people may sign up with tenants of their own. */
  readonly isOwnTenantAllowed: boolean;
  readonly identityProvider: IdentityProvider | null;
  readonly signIn: {
    readonly limits: SignInLimits;
    readonly isPassword: (password: string, passwordHash: string | null) => Promise<boolean>;
    readonly hashPassword: (password: string) => Promise<string>;
    readonly passwordPolicy: PasswordPolicy;
    /** Lifetime of a session. */
    readonly ttlMs: number;
  };
  /** Recorders of the last use of credentials. */
  readonly lastSeen: {
    readonly sessions: Pick<LastSeenBuffer, 'note'>;
    readonly apiKeys: Pick<LastSeenBuffer, 'note'>;
  };
}
