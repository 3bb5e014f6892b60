/**
 * Does the work, and answers the rejections that nobody heard of; without it, each of them would fail the
 * test.
 */
export async function unhandledDuring(work: () => Promise<unknown>): Promise<readonly unknown[]> {
  const listeners = process.listeners('unhandledRejection');
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', note);
  try {
    await work();
    // Node reports unhandled rejections after the microtasks.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    return unhandled;
  } finally {
    process.off('unhandledRejection', note);
    for (const listener of listeners) process.on('unhandledRejection', listener);
  }
}
