import { Refusal, Unauthenticated, Unavailable } from '../../platform/errors.ts';
import type { OperationScope } from '../graphql/apollo.ts';
import type { PipelineParts } from '../graphql/request-pipeline.ts';
import type { RequestState } from '../graphql/request-state.ts';
import { LiveCaller } from './live-caller.ts';
import { openSubscription } from './open-subscription.ts';
import { streamFormats } from './stream-formats.ts';
import type { StreamType } from './stream-type.ts';
import { StreamedResponse } from './streamed-response.ts';
import { Subscription } from './subscription.ts';

/**
 * Answers a subscription by a response that lasts as long as the subscription. Rejects with what prevents its
 * start; later errors are sent as a result.
 */
export async function streamSubscription<Viewer, Context extends OperationScope>(
  state: RequestState<Viewer>,
  streamType: StreamType,
  parts: PipelineParts<Viewer, Context>,
): Promise<void> {
  const { reply, request, stats, viewer } = state;
  const { authenticate, connections, formatError, rateLimitKeysOf, rights } = parts;
  if (viewer === null) throw new Unauthenticated();
  if (connections.isDraining) throw new Unavailable('The server is restarting; try again.');
  const response = new StreamedResponse(reply.raw, streamFormats[streamType]);
  const remove = connections.add(rateLimitKeysOf(viewer, request.ip).user ?? request.ip, response);
  if (remove === null) throw tooManyConnections();
  const caller = new LiveCaller(viewer, request.headers, { ...rights, authenticate }, () =>
    response.end(false),
  );
  const device = { ipAddress: request.ip, userAgent: request.headers['user-agent'] ?? null };
  try {
    const opened = await openSubscription(state, device, caller, parts);
    reply.hijack();
    stats.streamedSince = performance.now();
    response.start({ 'x-request-id': stats.requestId });
    if (!(opened instanceof Subscription)) {
      await response.write(opened);
      response.end(true);
      return;
    }
    reply.raw.once('close', () => opened.close());
    if (response.isClosed) opened.close();
    await response.send(opened, (error) => formatError(error, stats.requestId));
  } finally {
    caller.close();
    remove();
  }
}

/** The error of a user with more live connections than are allowed. */
export function tooManyConnections(): Refusal {
  return new Refusal('RATE_LIMITED', 'You have too many live connections; close some of them.');
}
