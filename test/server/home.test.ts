import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/app/config/config.ts';
import { failureOf, openFrontDoor } from '../support/front-door.ts';

const navigation = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

let door: Awaited<ReturnType<typeof openFrontDoor>>;
beforeAll(async () => {
  door = await openFrontDoor();
});
afterAll(() => door.close());

describe('/', () => {
  it('is a page with the name, and links of which each leads somewhere', async () => {
    const response = await fetch(door.origin, { headers: navigation });
    const page = await response.text();
    const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, url = '']) => url);

    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page).toContain('A GraphQL API server for multi-tenant chat products.');
    expect(links).toEqual(['/favicon.svg', '/explorer', '/graphql', '/docs/api.md', '/livez', '/readyz']);
    for (const link of links) {
      const target = await fetch(door.origin + link, { headers: navigation });
      expect([link, target.status]).toEqual([link, 200]);
    }
  });

  it('is JSON for programs', async () => {
    expect(await (await fetch(door.origin)).json()).toMatchObject({
      name: 'Parley',
      links: { graphql: '/graphql', explorer: '/explorer' },
    });
  });

  it('names no explorer where there is none', async () => {
    const closed = await openFrontDoor({
      config: readConfig({ NODE_ENV: 'production', DATABASE_URL: 'postgres://unused' }),
      demo: null,
    });
    const page = await (await fetch(closed.origin, { headers: navigation })).text();
    await closed.close();

    expect(page).toContain('/docs/api.md');
    expect(page).not.toContain('/explorer');
  });
});

describe('/favicon.ico', () => {
  it('is the logo, which browsers may keep', async () => {
    const response = await fetch(`${door.origin}/favicon.ico`);

    expect(response.headers.get('content-type')).toBe('image/svg+xml');
    expect(response.headers.get('cache-control')).toBe('public, max-age=86400');
  });
});

describe('/docs', () => {
  it.each(['nothing.md', '..%2FREADME.md', 'explorer.png', 'decisions'])(
    'answers a name that is no document with 404: %s',
    async (name) => {
      const response = await fetch(`${door.origin}/docs/${name}`);

      expect(await failureOf(response)).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    },
  );
});
