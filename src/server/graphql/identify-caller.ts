import type { MaybePromise } from '@whatwg-node/promise-helpers';
import { Refusal } from '../../platform/errors.ts';
import type { OperationScope } from './apollo.ts';
import type { CallerOptions, PipelineParts } from './request-pipeline.ts';
import type { RequestState } from './request-state.ts';

/** Finds the caller of a request. @throws Refusal for a GET whose credential is not accepted */
export function identify<Viewer, Context extends OperationScope>(
  state: RequestState<Viewer>,
  { authenticate, inFlight }: PipelineParts<Viewer, Context>,
): MaybePromise<void> {
  const { stats } = state;
  const startedAt = performance.now();
  stats.isOperation = true;
  const viewer = authenticateOrRefuse(state, authenticate);
  if (viewer instanceof Promise) return identifyLater(state, inFlight.waitForIdentity(viewer), startedAt);
  state.viewer = viewer;
  stats.isAuthenticated = viewer !== null;
  stats.authenticationMs = performance.now() - startedAt;
  return undefined;
}

/** Refuses a credential that is not accepted, unless the operation ignores credentials. @throws Refusal */
export function refuse<Viewer, Context extends OperationScope>(
  state: RequestState<Viewer>,
  { rateLimitKeysOf }: PipelineParts<Viewer, Context>,
): void {
  const { document, operationName } = state.operation;
  if (document?.operation(operationName)?.ignoresCredential !== true) {
    if (state.refusal !== null) throw state.refusal;
    return;
  }
  state.refusal = null;
  state.viewer = null;
  state.rateLimitKeys = rateLimitKeysOf(null, state.request.ip);
}

function authenticateOrRefuse<Viewer>(
  state: RequestState<Viewer>,
  authenticate: CallerOptions<Viewer, OperationScope>['authenticate'],
): MaybePromise<Viewer | null> {
  try {
    return authenticate(state.request.headers);
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

async function identifyLater<Viewer>(
  state: RequestState<Viewer>,
  identity: Promise<Viewer | null>,
  startedAt: number,
): Promise<void> {
  const { stats } = state;
  try {
    state.viewer = await identity;
    stats.isAuthenticated = state.viewer !== null;
  } catch (error) {
    postpone(state, error);
  } finally {
    stats.authenticationMs = performance.now() - startedAt;
    stats.authenticationStatements = stats.statements;
  }
}
