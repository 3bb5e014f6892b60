import type { Viewer } from '../domains/session/model.ts';
import type { Device } from '../domains/session/service.ts';
import type { ExplainOperation, Loaders, RequestContext, Services } from '../graphql/context.ts';
import type { LoaderDependencies } from '../graphql/domain.ts';
import { domains } from '../graphql/domains.ts';
import type { Cancellation } from '../platform/runtime/cancellation.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import { noId } from '../platform/ids.ts';

/** The parts of a request's context that live as long as the process. */
export interface RequestContextOptions extends Pick<
  LoaderDependencies,
  'caches' | 'columnCatalog' | 'database' | 'queries'
> {
  readonly clock: Clock;
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
  const RequestLoaders = createLoadersClass();
  const loadersFor = (viewer: Viewer | null, cancellation: Cancellation): Loaders =>
    new RequestLoaders(new RequestDependencies(options, viewer ?? nobody, cancellation));
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
    loaders: loadersFor(viewer, cancellation),
    resetFor,
    signOutCaller,
  });

  // Both assign to `this`: Apollo Server copies the context, and the copy is the one that resolvers see.
  function resetFor(
    this: { viewer: Viewer | null; loaders: Loaders; readonly cancellation: Cancellation },
    viewer: Viewer | null,
  ): void {
    this.viewer = viewer;
    this.loaders = loadersFor(viewer, this.cancellation);
  }
}

function signOutCaller(this: { caller: Viewer | null }): void {
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

/**
 * Creates the class of a request's loaders. Each domain's loaders are created on first access: most requests
 * use two or three domains.
 */
function createLoadersClass(): new (dependencies: LoaderDependencies) => Loaders;
function createLoadersClass(): new (dependencies: LoaderDependencies) => object {
  class RequestLoaders {
    readonly dependencies: LoaderDependencies;
    readonly created: unknown[] = [];

    constructor(dependencies: LoaderDependencies) {
      this.dependencies = dependencies;
    }
  }
  for (const [index, [name, domain]] of Object.entries(domains).entries()) {
    Object.defineProperty(RequestLoaders.prototype, name, {
      get(this: RequestLoaders) {
        return (this.created[index] ??= domain.loaders(this.dependencies));
      },
    });
  }
  return RequestLoaders;
}

class RequestDependencies implements LoaderDependencies {
  readonly caches: LoaderDependencies['caches'];
  readonly columnCatalog: LoaderDependencies['columnCatalog'];
  readonly queries: LoaderDependencies['queries'];
  readonly viewer: Viewer;
  readonly #database: Database;
  readonly #cancellation: Cancellation;

  constructor(
    { caches, columnCatalog, database, queries }: RequestContextOptions,
    viewer: Viewer,
    cancellation: Cancellation,
  ) {
    this.caches = caches;
    this.columnCatalog = columnCatalog;
    this.queries = queries;
    this.viewer = viewer;
    this.#database = database;
    this.#cancellation = cancellation;
  }

  get database() {
    return this.#database.until(this.#cancellation);
  }
}
