import { isThenable } from './bailout.ts';

/**
 * As Promise.all, and at the same cost; puts each promise into `settled` when it comes to an end, well or not. Promises within
 * what has arrived may fail while the others are waited for, before anybody looks: it is given to `hear`, with its index.
 */
export function allInOrder(
  values: readonly unknown[],
  settled: unknown[],
  markHandled: (value: unknown, index: number) => void,
): Promise<readonly unknown[]> {
  const arrived = [...values];
  let awaited = 0;
  return new Promise((resolve, reject) => {
    const listen: typeof markHandled = (value, index) => {
      try {
        markHandled(value, index);
      } catch (error) {
        reject(error);
      }
    };
    for (const [index, value] of values.entries()) {
      if (!isThenable(value)) {
        listen(value, index);
        continue;
      }
      awaited += 1;
      value.then(
        (found) => {
          settled.push(value);
          arrived[index] = found;
          awaited -= 1;
          if (awaited === 0) resolve(arrived);
          else listen(found, index);
        },
        (error: unknown) => {
          settled.push(value);
          reject(error);
        },
      );
    }
  });
}

/** What a promise comes to, behind those that came to an end before it: errors stand in that order. */
export async function afterEarlier(
  promise: PromiseLike<unknown>,
  settled: readonly unknown[],
): Promise<unknown> {
  const place = settled.indexOf(promise);
  const before = place === -1 ? settled.length : place;
  for (let turn = 0; turn < before; turn += 1) await Promise.resolve();
  return promise;
}
