import { BadUserInput } from '../platform/errors.ts';

/**
 * Returns `value`. @throws BadUserInput that names the argument if the value is not between `min` and `max`
 */
export function bounded(argument: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new BadUserInput(`\`${argument}\` is ${value}; it must be between ${min} and ${max}.`);
}
