import { InputRefused, type InputFault } from '../platform/errors.ts';
import type { RequestContext } from './context.ts';

/**
 * A mutation's resolver: expected refusals become `userErrors` beside `refused`, and what was loaded before the write is
 * forgotten after it. What a payload is named for is simply absent when it was refused, which GraphQL answers as null.
 */
export function answering<Args, Payload extends object, Refused extends object = object>(
  mutate: (args: Args, context: RequestContext) => Promise<Payload>,
  refused?: Refused,
) {
  return async (
    _parent: unknown,
    args: Args,
    context: RequestContext,
  ): Promise<(Payload | Refused) & { readonly userErrors: readonly InputFault[] }> => {
    try {
      return { ...(await mutate(args, context)), userErrors: [] };
    } catch (error) {
      if (error instanceof InputRefused) return { ...(refused ?? ({} as Refused)), userErrors: error.faults };
      throw error;
    } finally {
      context.renew(context.viewer);
    }
  };
}
