import { BadUserInput } from '../platform/errors.ts';

/** The number, if it lies between two others. @throws BadUserInput naming the argument */
export function bounded(argument: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new BadUserInput(`\`${argument}\` is ${value}; it must be between ${min} and ${max}.`);
}
