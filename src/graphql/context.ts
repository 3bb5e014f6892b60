import type { AuditService } from '../domains/audit/service.ts';
import type { ApiKeyLoaders } from '../domains/api-key/loaders.ts';
import type { ApiKeyService } from '../domains/api-key/service.ts';
import type { ConversationLoaders } from '../domains/conversation/loaders.ts';
import type { ConversationService } from '../domains/conversation/service.ts';
import type { IdentityService } from '../domains/identity/service.ts';
import type { MessageLoaders } from '../domains/message/loaders.ts';
import type { MessageService } from '../domains/message/service.ts';
import type { ModelLoaders } from '../domains/model/loaders.ts';
import type { ModelService } from '../domains/model/service.ts';
import type { CheckHealth } from '../domains/operations/health.ts';
import type { Monitoring } from '../domains/operations/monitoring.ts';
import type { OperationsService } from '../domains/operations/service.ts';
import type { ParticipantLoaders } from '../domains/participant/loaders.ts';
import type { ParticipantService } from '../domains/participant/service.ts';
import type { SessionLoaders } from '../domains/session/loaders.ts';
import type { Viewer } from '../domains/session/model.ts';
import type { Device, SessionService } from '../domains/session/service.ts';
import type { SettingLoaders } from '../domains/setting/loaders.ts';
import type { SettingService } from '../domains/setting/service.ts';
import type { StatisticsLoaders } from '../domains/statistics/loaders.ts';
import type { StatisticsService } from '../domains/statistics/service.ts';
import type { TenantLoaders } from '../domains/tenant/loaders.ts';
import type { TenantService } from '../domains/tenant/service.ts';
import type { UserLoaders } from '../domains/user/loaders.ts';
import type { UserService } from '../domains/user/service.ts';
import type { Cancellation } from '../platform/runtime/cancellation.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import type { RequestTrace } from '../platform/telemetry/tracing.ts';
import type { ExplainedStatement } from '../platform/postgres/explain-statements.ts';

/** How a request finds objects; everything of a tenant is closed over the viewer. */
export interface Loaders {
  readonly apiKey: ApiKeyLoaders;
  readonly conversation: ConversationLoaders;
  readonly message: MessageLoaders;
  readonly model: ModelLoaders;
  readonly participant: ParticipantLoaders;
  readonly session: SessionLoaders;
  readonly setting: SettingLoaders;
  readonly statistics: StatisticsLoaders;
  readonly tenant: TenantLoaders;
  readonly user: UserLoaders;
}

/** What mutations call: rules and writes. They live as long as the process. */
export interface Services {
  readonly audit: AuditService;
  readonly apiKey: ApiKeyService;
  readonly conversation: ConversationService;
  readonly identity: IdentityService;
  readonly message: MessageService;
  readonly model: ModelService;
  readonly monitoring: Monitoring & { readonly health: CheckHealth };
  readonly operations: OperationsService;
  readonly participant: ParticipantService;
  readonly session: SessionService;
  readonly setting: SettingService;
  readonly tenant: TenantService;
  readonly statistics: StatisticsService;
  readonly user: UserService;
}

/** Runs a query for whoever asks in `context`, changes nothing, and answers the statements that it sent. */
export type ExplainOperation = (
  context: Pick<RequestContext, 'viewer' | 'requestId' | 'device' | 'rateLimit'>,
  operation: string,
  variables: Readonly<Record<string, unknown>>,
) => Promise<readonly ExplainedStatement[]>;

/** All that a resolver may know about the request it works for. */
export interface RequestContext {
  readonly requestId: string;
  /** Ends what is read for this request, once nobody waits for it. */
  readonly cancellation: Cancellation;
  /** What is left for whoever asks; null where nothing is limited. */
  readonly rateLimit: {
    readonly limit: number;
    readonly cost: number;
    readonly remaining: number;
    readonly resetAt: Date;
  } | null;
  /** What is traced of this request; null where nothing is. */
  readonly trace: RequestTrace | null;
  /** Whose credential came with the request; null without one, and once it was given up. */
  readonly caller: Viewer | null;
  /** Through whose eyes is answered: the caller's, save in the payload of a sign-in. */
  readonly viewer: Viewer | null;
  readonly device: Device;
  readonly clock: Clock;
  readonly services: Services;
  readonly loaders: Loaders;
  readonly explain: ExplainOperation;
  /** What was loaded before is forgotten, and `viewer` is through whose eyes is answered from now on. */
  renew(viewer: Viewer | null): void;
  /** The credential is given up: whatever comes later in the request is a stranger's. */
  dismissCaller(): void;
}
