import { reasonFor } from '../platform/error-reasons.ts';
import { InvalidInput, type FieldError } from '../platform/errors.ts';
import type { RequestContext } from './context.ts';

/**
 * A mutation's resolver that returns errors of the input as `userErrors`. The payload of a rejected mutation has no other field,
 * which GraphQL returns as null.
 */
export function withUserErrors<Args, Payload extends object>(
  mutate: (args: Args, context: RequestContext) => Promise<Payload>,
) {
  return withUserErrorsOr({}, mutate);
}

/** As `withUserErrors`, for payloads with non-null fields: `rejected` has their values for a rejected mutation. */
export function withUserErrorsOr<Args, Payload extends object, Rejected extends object>(
  rejected: Rejected,
  mutate: (args: Args, context: RequestContext) => Promise<Payload>,
) {
  return async (
    _parent: unknown,
    args: Args,
    context: RequestContext,
  ): Promise<(Payload | Rejected) & { readonly userErrors: readonly Required<FieldError>[] }> => {
    // Each mutation of a request is its caller's, even if the payload of the previous mutation was that of another viewer.
    // Loaders are reset before the write and not after: services write through queries, so that nothing is loaded in between.
    context.resetFor(context.caller);
    try {
      return { ...(await mutate(args, context)), userErrors: [] };
    } catch (error) {
      if (error instanceof InvalidInput) return { ...rejected, userErrors: error.errors.map(withReason) };
      throw error;
    }
  };
}

/** Every user error is returned with a reason and its values, even if its code alone was given. */
function withReason(error: FieldError): Required<FieldError> {
  return { ...error, reason: error.reason ?? reasonFor(error.code), params: error.params ?? {} };
}
