/** What is there already, or will be; a promise for what is there costs more than most of what is done with it. */
export type AtOnce<Value> = Value | Promise<Value>;

/** Goes on at once with what is there, else when it has come; throws or rejects as `next` and the promise do. */
export function whenThere<Value, Next>(
  value: AtOnce<Value>,
  next: (value: Value) => AtOnce<Next>,
): AtOnce<Next> {
  return value instanceof Promise ? value.then(next) : next(value);
}
