import { z } from 'zod';
import { errorReasons } from './error-reasons.ts';
import type { FieldError } from './errors.ts';

/** The values that a `refine` may give as `params`. */
const paramsSchema = z.object({
  reason: z.enum(errorReasons),
  min: z.number().optional(),
  max: z.number().optional(),
});

/** Returns the reason of an issue that a schema found, with its values. */
export function reasonOfIssue(issue: z.core.$ZodIssue): Required<Pick<FieldError, 'reason' | 'params'>> {
  switch (issue.code) {
    case 'invalid_type':
      return { reason: 'REQUIRED', params: {} };
    case 'too_small':
      return smallReason(issue.origin, Number(issue.minimum));
    case 'too_big':
      return {
        reason: isNumber(issue.origin) ? 'TOO_LARGE' : 'TOO_LONG',
        params: { max: Number(issue.maximum) },
      };
    case 'custom': {
      const given = paramsSchema.safeParse(issue.params);
      if (!given.success) return { reason: 'INVALID', params: {} };
      const { reason, min, max } = given.data;
      return { reason, params: { ...(min !== undefined && { min }), ...(max !== undefined && { max }) } };
    }
    default:
      return { reason: 'INVALID', params: {} };
  }
}

function smallReason(origin: string, min: number): Required<Pick<FieldError, 'reason' | 'params'>> {
  if (isNumber(origin)) return { reason: 'TOO_SMALL', params: { min } };
  return { reason: min === 1 ? 'REQUIRED' : 'TOO_SHORT', params: { min } };
}

function isNumber(origin: string): boolean {
  return origin === 'number' || origin === 'int' || origin === 'bigint';
}
