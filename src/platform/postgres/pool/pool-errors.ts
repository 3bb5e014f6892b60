// pg's own messages, which database-errors.ts recognizes.

/** Creates the error of work that waits for an unresponsive database. */
export const connectionLost = () => new Error('Connection terminated: the database is unresponsive');

/** Creates the error of work that got no connection in time. */
export const poolExhausted = () => new Error('timeout exceeded when trying to connect');

/** Creates the error of work that came after the end of the pool. */
export const poolEnded = () => new Error('Cannot use a pool after calling end on the pool');
