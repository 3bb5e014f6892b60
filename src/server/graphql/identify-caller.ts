import type { MaybePromise } from '@whatwg-node/promise-helpers';
import { Refusal } from '../../platform/errors.ts';
import type { OperationScope } from './apollo.ts';
import type { PipelineParts } from './request-pipeline.ts';
import type { RequestState } from './request-state.ts';

/** Finds the caller of a request. @throws Refusal for a GET whose credential is not accepted */
export function identify<Viewer, Context extends OperationScope>(
  state: RequestState<Viewer>,
  parts: PipelineParts<Viewer, Context>,
): MaybePromise<void> {
  const { stats } = state;
  const startedAt = performance.now();
  stats.isOperation = true;
  const viewer = authenticateOrRefuse(state, parts);
  if (viewer instanceof Promise) return identifyLater(state, viewer, startedAt, parts);
  recognize(state, viewer, parts);
  stats.isAuthenticated = viewer !== null;
  stats.authenticationMs = performance.now() - startedAt;
  return undefined;
}

/** Records the caller, who pays for the request and is given a share of the database. */
function recognize<Viewer, Context extends OperationScope>(
  state: RequestState<Viewer>,
  viewer: Viewer | null,
  { rateLimitKeysOf }: Pick<PipelineParts<Viewer, Context>, 'rateLimitKeysOf'>,
): void {
  const { request, stats } = state;
  state.viewer = viewer;
  state.rateLimitKeys = rateLimitKeysOf(viewer, request.ip);
  stats.callerKey = state.rateLimitKeys.user ?? null;
  stats.owner = state.rateLimitKeys;
}

/** Refuses a credential that is not accepted, unless the operation ignores credentials. @throws Refusal */
export function refuse<Viewer, Context extends OperationScope>(
  state: RequestState<Viewer>,
  parts: PipelineParts<Viewer, Context>,
): void {
  const { document, operationName } = state.operation;
  if (document?.operation(operationName)?.ignoresCredential !== true) {
    if (state.refusal !== null) throw state.refusal;
    return;
  }
  state.refusal = null;
  recognize(state, null, parts);
}

function authenticateOrRefuse<Viewer>(
  state: RequestState<Viewer>,
  { authenticate, credentials }: Pick<PipelineParts<Viewer, OperationScope>, 'authenticate' | 'credentials'>,
): MaybePromise<Viewer | null> {
  const { headers, ip } = state.request;
  try {
    return credentials.identify(authenticate, headers, ip);
  } catch (error) {
    postpone(state, error);
    return null;
  }
}

/**
 * Postpones the refusal of a POST until its operation is known: signing in ignores a credential that is not
 * accepted.
 */
function postpone(state: RequestState<unknown>, error: unknown): void {
  if (!(error instanceof Refusal) || state.request.method !== 'POST') throw error;
  state.refusal = error;
}

async function identifyLater<Viewer, Context extends OperationScope>(
  state: RequestState<Viewer>,
  identity: Promise<Viewer | null>,
  startedAt: number,
  parts: PipelineParts<Viewer, Context>,
): Promise<void> {
  const { stats } = state;
  try {
    recognize(state, await parts.inFlight.waitForIdentity(identity), parts);
    stats.isAuthenticated = state.viewer !== null;
  } catch (error) {
    postpone(state, error);
    recognize(state, null, parts);
  } finally {
    stats.authenticationMs = performance.now() - startedAt;
    stats.authenticationStatements = stats.statements;
  }
}
