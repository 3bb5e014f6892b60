/** In pg's own words for what is lost, which are known to mean that the database is away. */
export function away(): Error {
  return new Error('Connection terminated: the database says nothing');
}

/** In pg's own words for what its line would say. */
export function busy(): Error {
  return new Error('timeout exceeded when trying to connect');
}

/** Whether pg gave up waiting. */
export function isTimeout({ message }: Error): boolean {
  return /^(timeout exceeded when trying to connect|Connection terminated due to connection timeout)/.test(
    message,
  );
}
