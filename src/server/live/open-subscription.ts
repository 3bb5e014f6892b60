import type { FormattedExecutionResult } from 'graphql';
import { Cancellation } from '../../platform/runtime/cancellation.ts';
import type { OperationScope } from '../graphql/apollo.ts';
import type { PipelineParts, RequestScope } from '../graphql/request-pipeline.ts';
import type { OperationState } from '../graphql/request-state.ts';
import type { LiveCaller } from './live-caller.ts';
import { Subscription } from './subscription.ts';

/** Opens an admitted subscription; returns its answer instead if the operation has errors. @throws Refusal */
export async function openSubscription<Viewer, Context extends OperationScope>(
  { operation, rateLimit, rateLimitKeys, stats, viewer }: OperationState<Viewer>,
  device: RequestScope['device'],
  caller: LiveCaller<Viewer>,
  { apollo, createContext, rateLimiter, runner }: PipelineParts<Viewer, Context>,
): Promise<Subscription | FormattedExecutionResult> {
  const cancellation = new Cancellation();
  const scope = { requestId: stats.requestId, device, cancellation, rateLimit, trace: null };
  const iterator = await runner.subscribe(apollo, operation, createContext(viewer, scope));
  if (!('next' in iterator)) return iterator;
  return new Subscription({
    iterator,
    caller,
    run(events) {
      rateLimiter.chargeEvents(rateLimitKeys, events.length);
      // A context of its own for each batch: loaders remember what they have read.
      return runner.runEvents(operation, createContext(viewer, scope), events);
    },
  });
}
