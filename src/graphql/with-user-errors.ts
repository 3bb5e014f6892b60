import { InputRefused, type InputFault } from '../platform/errors.ts';
import type { RequestContext } from './context.ts';

/**
 * A mutation's resolver: expected refusals become `userErrors`, and what was loaded before it is forgotten.
 * What a payload is named for is simply absent when it was refused, which GraphQL answers as null.
 */
export function answering<Args, Payload extends object>(
  mutate: (args: Args, context: RequestContext) => Promise<Payload>,
) {
  return answeringOr({}, mutate);
}

/** As `answering`, for payloads with a field that is never null: what they have when they were refused. */
export function answeringOr<Args, Payload extends object, Refused extends object>(
  refused: Refused,
  mutate: (args: Args, context: RequestContext) => Promise<Payload>,
) {
  return async (
    _parent: unknown,
    args: Args,
    context: RequestContext,
  ): Promise<(Payload | Refused) & { readonly userErrors: readonly InputFault[] }> => {
    // Each mutation of a request is its caller's, whoever the payload of the one before was answered to. What that one
    // loaded is forgotten; services write through queries, so that nothing is loaded before the write.
    context.renew(context.caller);
    try {
      return { ...(await mutate(args, context)), userErrors: [] };
    } catch (error) {
      if (error instanceof InputRefused) return { ...refused, userErrors: error.faults };
      throw error;
    }
  };
}
