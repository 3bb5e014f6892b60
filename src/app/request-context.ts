import type { Viewer } from '../domains/session/model.ts';
import type { ExplainOperation, Loaders, RequestContext, Services } from '../graphql/context.ts';
import type { LoaderDependencies } from '../graphql/domain.ts';
import { domains } from '../graphql/domains.ts';
import type { Cancellation } from '../platform/runtime/cancellation.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import { noId } from '../platform/ids.ts';
import type { RequestScope } from '../server/graphql/request-pipeline.ts';

/** The parts of a request's context that live as long as the process. */
export interface RequestContextOptions extends Pick<
  LoaderDependencies,
  'caches' | 'columnCatalog' | 'database' | 'queries'
> {
  readonly clock: Clock;
  readonly services: Services;
  readonly explain: ExplainOperation;
}

/** Creates the function that creates the context of each request, with its viewer and its own loaders. */
export function createContextFactory(
  options: RequestContextOptions,
): (viewer: Viewer | null, scope: RequestScope) => RequestContext {
  const { clock, explain, services } = options;
  const RequestLoaders = createLoadersClass(options);
  return (viewer, { requestId, device, cancellation, rateLimit, trace }) => ({
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
    loaders: new RequestLoaders(viewer ?? anonymous, cancellation),
    resetFor,
    signOutCaller,
  });

  // Both assign to `this`: Apollo Server copies the context, and resolvers see the copy.
  function resetFor(
    this: { viewer: Viewer | null; loaders: Loaders; readonly cancellation: Cancellation },
    viewer: Viewer | null,
  ): void {
    this.viewer = viewer;
    this.loaders = new RequestLoaders(viewer ?? anonymous, this.cancellation);
  }
}

function signOutCaller(this: { caller: Viewer | null }): void {
  this.caller = null;
}

/** A viewer without a tenant, for which all queries find nothing. */
const anonymous: Viewer = {
  tenantId: noId,
  userId: noId,
  role: 'GUEST',
  isPlatformAdmin: false,
  session: null,
  apiKeyId: null,
  scopes: [],
};

/**
 * Creates the class of a request's loaders. Each domain's loaders are created on first access, because most
 * requests use two or three domains.
 */
function createLoadersClass(
  options: RequestContextOptions,
): new (viewer: Viewer, cancellation: Cancellation) => Loaders;
function createLoadersClass({
  caches,
  columnCatalog,
  database,
  queries,
}: RequestContextOptions): new (viewer: Viewer, cancellation: Cancellation) => object {
  class RequestLoaders implements LoaderDependencies {
    readonly caches = caches;
    readonly columnCatalog = columnCatalog;
    readonly queries = queries;
    readonly viewer: Viewer;
    readonly created: unknown[] = [];
    readonly #cancellation: Cancellation;

    constructor(viewer: Viewer, cancellation: Cancellation) {
      this.viewer = viewer;
      this.#cancellation = cancellation;
    }

    get database() {
      return database.until(this.#cancellation);
    }
  }
  for (const [index, [name, domain]] of Object.entries(domains).entries()) {
    Object.defineProperty(RequestLoaders.prototype, name, {
      get(this: RequestLoaders) {
        return (this.created[index] ??= domain.loaders(this));
      },
    });
  }
  return RequestLoaders;
}
