import type { Caches } from './cache-list.ts';
import type { AuditQueries } from '../domains/audit/queries.ts';
import { createApiKeyLoaders } from '../domains/api-key/loaders.ts';
import type { ApiKeyQueries } from '../domains/api-key/queries.ts';
import { createConversationLoaders } from '../domains/conversation/loaders.ts';
import type { ConversationQueries } from '../domains/conversation/queries.ts';
import type { IdentityQueries } from '../domains/identity/queries.ts';
import { createMessageLoaders } from '../domains/message/loaders.ts';
import type { MessageQueries } from '../domains/message/queries.ts';
import { createModelLoaders } from '../domains/model/loaders.ts';
import type { ModelQueries } from '../domains/model/queries.ts';
import { createParticipantLoaders } from '../domains/participant/loaders.ts';
import type { ParticipantQueries } from '../domains/participant/queries.ts';
import { createSessionLoaders } from '../domains/session/loaders.ts';
import type { Viewer } from '../domains/session/model.ts';
import type { SessionQueries } from '../domains/session/queries.ts';
import type { Device } from '../domains/session/service.ts';
import { createSettingLoaders } from '../domains/setting/loaders.ts';
import type { SettingQueries } from '../domains/setting/queries.ts';
import { createStatisticsLoaders } from '../domains/statistics/loaders.ts';
import type { StatisticsQueries } from '../domains/statistics/queries.ts';
import { createTenantLoaders } from '../domains/tenant/loaders.ts';
import type { TenantQueries } from '../domains/tenant/queries.ts';
import { createUserLoaders } from '../domains/user/loaders.ts';
import type { UserQueries } from '../domains/user/queries.ts';
import type { ExplainOperation, Loaders, RequestContext, Services } from '../graphql/context.ts';
import type { Cancellation } from '../platform/runtime/cancellation.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import type { ColumnCatalog } from '../platform/postgres/column-catalog.ts';
import { noId } from '../platform/ids.ts';

/** Each domain's statements. */
export interface Queries {
  readonly audit: AuditQueries;
  readonly apiKey: ApiKeyQueries;
  readonly conversation: ConversationQueries;
  readonly identity: IdentityQueries;
  readonly message: MessageQueries;
  readonly model: ModelQueries;
  readonly participant: ParticipantQueries;
  readonly session: SessionQueries;
  readonly setting: SettingQueries;
  readonly statistics: StatisticsQueries;
  readonly tenant: TenantQueries;
  readonly user: UserQueries;
}

/** The statements that requests run for themselves alone, and that end when the request does. */
export type QueriesUntil = {
  readonly [
    Domain in 'apiKey' | 'conversation' | 'message' | 'participant' | 'session' | 'statistics' | 'tenant'
  ]: (cancellation: Cancellation) => Queries[Domain];
};

/** What lives as long as the process and serves every request. */
export interface RequestContextOptions {
  readonly caches: Caches;
  readonly columnCatalog: ColumnCatalog;
  readonly clock: Clock;
  readonly queries: Queries;
  readonly queriesUntil: QueriesUntil;
  readonly services: Services;
  readonly explain: ExplainOperation;
}

/** Makes the context of each request: who asks, and loaders of their own. */
export function createContextFactory(
  options: RequestContextOptions,
): (
  viewer: Viewer | null,
  requestId: string,
  device: Device,
  permit: Pick<RequestContext, 'cancellation' | 'rateLimit' | 'trace'>,
) => RequestContext {
  const { clock, explain, services } = options;
  return (viewer, requestId, device, { cancellation, rateLimit, trace }) => ({
    requestId,
    cancellation,
    rateLimit,
    trace,
    caller: viewer,
    viewer,
    device,
    clock,
    services,
    explain,
    loaders: new RequestLoaders(options, viewer ?? nobody, cancellation),
    renew,
    dismissCaller,
  });

  // Both assign to `this`: Apollo Server copies the context, and the copy is the one that resolvers see.
  function renew(
    this: { viewer: Viewer | null; loaders: Loaders; readonly cancellation: Cancellation },
    viewer: Viewer | null,
  ): void {
    this.viewer = viewer;
    this.loaders = new RequestLoaders(options, viewer ?? nobody, this.cancellation);
  }
}

function dismissCaller(this: { caller: Viewer | null }): void {
  this.caller = null;
}

/** A viewer of no tenant, so that what is closed over them finds nothing. */
const nobody: Viewer = {
  tenantId: noId,
  userId: noId,
  role: 'GUEST',
  isPlatformAdmin: false,
  session: null,
  apiKeyId: null,
  scopes: [],
};

/** Each domain's are made when they are first asked for: most requests touch two or three of them. */
class RequestLoaders implements Loaders {
  readonly #options: RequestContextOptions;
  readonly #viewer: Viewer;
  readonly #cancellation: Cancellation;
  #apiKey: Loaders['apiKey'] | undefined;
  #conversation: Loaders['conversation'] | undefined;
  #message: Loaders['message'] | undefined;
  #model: Loaders['model'] | undefined;
  #participant: Loaders['participant'] | undefined;
  #session: Loaders['session'] | undefined;
  #setting: Loaders['setting'] | undefined;
  #statistics: Loaders['statistics'] | undefined;
  #tenant: Loaders['tenant'] | undefined;
  #user: Loaders['user'] | undefined;

  constructor(options: RequestContextOptions, viewer: Viewer, cancellation: Cancellation) {
    this.#options = options;
    this.#viewer = viewer;
    this.#cancellation = cancellation;
  }

  get apiKey() {
    return (this.#apiKey ??= createApiKeyLoaders(this.#own('apiKey'), this.#viewer));
  }

  get conversation() {
    return (this.#conversation ??= createConversationLoaders(this.#own('conversation'), this.#viewer));
  }

  get message() {
    return (this.#message ??= createMessageLoaders(this.#own('message'), this.#viewer));
  }

  get model() {
    const { caches, queries } = this.#options;
    return (this.#model ??= createModelLoaders(queries.model, caches.models));
  }

  get participant() {
    return (this.#participant ??= createParticipantLoaders(this.#own('participant'), this.#viewer));
  }

  get session() {
    return (this.#session ??= createSessionLoaders(this.#own('session'), this.#viewer));
  }

  get setting() {
    const { caches, queries } = this.#options;
    return (this.#setting ??= createSettingLoaders(queries.setting, caches.settings));
  }

  get statistics() {
    return (this.#statistics ??= createStatisticsLoaders(
      this.#own('statistics'),
      this.#options.columnCatalog,
    ));
  }

  get tenant() {
    return (this.#tenant ??= createTenantLoaders(this.#own('tenant'), this.#viewer));
  }

  get user() {
    const { caches, queries } = this.#options;
    return (this.#user ??= createUserLoaders(queries.user, caches.profiles, this.#viewer));
  }

  #own<Domain extends keyof QueriesUntil>(domain: Domain): Queries[Domain] {
    return this.#options.queriesUntil[domain](this.#cancellation);
  }
}
