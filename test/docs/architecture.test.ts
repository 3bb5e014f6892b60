import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requestSteps } from '../../src/server/graphql/request-pipeline.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/architecture.md'), 'utf8');

describe('the drawing of the way of a request', () => {
  it('has every step in its order, with its status codes', () => {
    const drawn = [...text.matchAll(/^ {2}([a-zA-Z]+) {2,}\S.*? {2,}((?:\d{3} ?)+)$/gm)].map(
      ([, name, statuses = '']) => ({ name, statuses: statuses.trim().split(' ').map(Number) }),
    );

    expect(drawn).toEqual(requestSteps.map(({ name, statuses }) => ({ name, statuses })));
  });
});
