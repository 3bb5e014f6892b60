/** A promise that a test settles by hand, so that two things happen in the order which the test is about. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: Error): void;
}

export function deferred<Value>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<Value>((fulfil, fail) => {
    resolve = fulfil;
    reject = fail;
  });
  return { promise, resolve: (value) => resolve(value), reject: (error) => reject(error) };
}

/** After everything that is already due has happened, without waiting for the time to pass. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
