import {
  GraphQLError,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLFormattedError,
} from 'graphql';
import type { Subscription } from './subscription.ts';

/** An error that has its form for clients, in the class that the library of the protocol expects. */
export class FormattedError extends GraphQLError {
  readonly #formatted: GraphQLFormattedError;

  constructor(formatted: GraphQLFormattedError) {
    super(formatted.message);
    this.#formatted = formatted;
  }

  override toJSON(): GraphQLFormattedError {
    return this.#formatted;
  }
}

/**
 * The results of a subscription, one by one. An explicit generator object: a generator function that waits
 * could not be stopped.
 */
export class SubscriptionResults implements AsyncGenerator<ExecutionResult, undefined> {
  readonly #subscription: Subscription;
  #waiting: ExecutionResult[] = [];

  constructor(subscription: Subscription) {
    this.#subscription = subscription;
  }

  async next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    for (;;) {
      const value = this.#waiting.shift();
      if (value !== undefined) return { done: false, value };
      const results = await this.#subscription.next();
      if (results === null) return { done: true, value: undefined };
      this.#waiting = results.map(withErrors);
    }
  }

  async return(): Promise<IteratorResult<ExecutionResult, undefined>> {
    this.#subscription.close();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<ExecutionResult, undefined>> {
    this.#subscription.close();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription.close();
  }
}

function withErrors({ data, errors }: FormattedExecutionResult): ExecutionResult {
  return {
    ...(data !== undefined && { data }),
    ...(errors !== undefined && { errors: errors.map((error) => new FormattedError(error)) }),
  };
}
