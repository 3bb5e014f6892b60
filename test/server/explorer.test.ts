import { parse, validate } from 'graphql';
import { once } from 'node:events';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSchema } from '../../src/graphql/schema.ts';
import { exampleOperation } from '../../src/server/routes/example-operation.ts';
import { browserPath, openBrowser } from '../support/browser.ts';
import { readConfig } from '../../src/app/config/config.ts';
import { failureOf, openFrontDoor } from '../support/front-door.ts';

type FrontDoor = Awaited<ReturnType<typeof openFrontDoor>>;
type Browser = Awaited<ReturnType<typeof openBrowser>>;

/** What Chromium sends when an address is typed. */
const navigation = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8' };

let door: FrontDoor;
beforeAll(async () => {
  door = await openFrontDoor({ demo: { token: 'good' } });
});
afterAll(() => door.close());

describe('the example operation', () => {
  it('is valid', () => {
    expect(validate(createSchema(), parse(exampleOperation))).toEqual([]);
  });
});

describe('Apollo Sandbox', () => {
  it('opens for a browser on /graphql, with an example operation and the demo token', async () => {
    const response = await fetch(door.url, { headers: navigation });
    const page = await response.text();

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page).toContain('query LatestConversations');
    expect(page).toContain('"headers":{"authorization":"Bearer good"}');
    expect(page).toContain('<a href="/explorer">The explorer</a> works without internet.');
  });

  it('has a policy that allows its files', async () => {
    const response = await fetch(door.url, { headers: navigation });
    const policy = response.headers.get('content-security-policy');
    const page = await response.text();

    const [script] = /https:[^"]+\/embeddable-sandbox\.umd[^"]+/.exec(page) ?? [];
    expect(policy).toMatch(new RegExp(`script-src [^;]*${new URL(script ?? '').origin}`));
    expect(policy).toContain('frame-src https://sandbox.embed.apollographql.com');
  });

  it('needs no credential, and does not affect clients that accept JSON', async () => {
    const bad = await fetch(door.url, { headers: { ...navigation, authorization: 'Bearer bad' } });
    const json = await door.post({ query: '{ hello }' }, navigation);

    expect(bad.status).toBe(200);
    expect(await json.json()).toEqual({ data: { hello: 'world' } });
    expect((await fetch(door.url, { headers: { accept: 'text/*' } })).status).toBe(406);
  });

  it.each(['/graphql', '/explorer', '/explorer/graphiql.js'])(
    'does not exist when the explorers are off, nor does GraphiQL: %s',
    async (path) => {
      const closed = await openFrontDoor({
        config: readConfig({ NODE_ENV: 'production', DATABASE_URL: 'postgres://unused' }),
        demo: null,
      });
      const failure = await failureOf(await fetch(closed.origin + path, { headers: navigation }));
      await closed.close();

      expect(failure).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    },
  );
});

describe('the demo token', () => {
  it.each(['/graphql', '/explorer'])('is not given to a page under a foreign host name: %s', async (path) => {
    const { port } = new URL(door.origin);
    const pageFor = async (host: string) => {
      const request = get({ host: '127.0.0.1', port, path, headers: { ...navigation, host } });
      const [response] = await once(request, 'response');
      return text(response);
    };

    expect(await pageFor('evil.example')).not.toContain('Bearer good');
    expect(await pageFor(`localhost:${port}`)).toContain('Bearer good');
  });
});

describe('GraphiQL', () => {
  it('answers an unknown file with an error of the usual shape', async () => {
    const response = await fetch(`${door.origin}/explorer/nothing.js`);

    expect(await failureOf(response)).toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });
});

// A machine with nothing but Node can run every other test.
describe.skipIf(browserPath === null && process.env['CI'] !== 'true')(
  'GraphiQL in a browser without internet',
  { timeout: 60_000 },
  () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await openBrowser();
      await browser.page.goto(`${door.origin}/explorer`);
      await browser.page.waitForSelector('.graphiql-query-editor .view-line');
    });
    afterAll(() => browser.close());

    it('opens with the example operation and the demo token', async () => {
      await waitForText('.graphiql-query-editor', 'query LatestConversations');
      await waitForText('[aria-label=Headers]', '"authorization": "Bearer good"');
    });

    it('opens no new tab at the next visit', async () => {
      await expect.poll(tabsInStorage).toContain('LatestConversations');
      await browser.page.goto(`${door.origin}/explorer`);

      await waitForText('.graphiql-query-editor', 'query LatestConversations');
      expect(await browser.page.locator('.graphiql-tab').allInnerTexts()).toEqual(['LatestConversations']);
    });

    it('runs a typed operation, and shows the response', async () => {
      await type('Typed', '{ viewer echo(text: "typed', '")}');
      await browser.page.keyboard.press('Control+Enter');

      await waitForText(
        '.result-window',
        '{\n  "data": {\n    "viewer": "Ada",\n    "echo": "typed"\n  }\n}',
      );
    });

    it('loads the schema', async () => {
      await type('Schema', '{ hel', '}');
      await browser.page.waitForSelector('.suggest-widget :text("hello")');
      await browser.page.keyboard.press('Escape');
    });

    it('keeps its tabs at the next visit, but no credential', async () => {
      await type('Kept', '{ viewer ', '}');
      await expect.poll(tabsInStorage, { timeout: 20_000 }).toContain('Kept { viewer }');
      expect(await tabsInStorage()).not.toContain('good');
      await browser.page.goto(`${door.origin}/explorer`);

      await waitForText('.graphiql-query-editor', 'query Kept { viewer }');
      await waitForText('[aria-label=Headers]', '"authorization": "Bearer good"');
      expect(await browser.page.locator('.graphiql-tab').allInnerTexts()).toEqual(['Kept']);
    });

    it('sends requests only to this server, without errors', () => {
      expect(browser.requested.length).toBeGreaterThan(5);
      expect(browser.requested.filter((url) => new URL(url).origin !== door.origin)).toEqual([]);
      expect(browser.faults).toEqual([]);
    });

    /**
     * Types as a person does: what is opened, the editor itself closes, and a moment later it knows the
     * operation.
     */
    async function type(name: string, opened: string, closed: string): Promise<void> {
      await browser.page.click('.graphiql-query-editor .view-lines');
      await browser.page.keyboard.press('ControlOrMeta+A');
      await browser.page.keyboard.press('Delete');
      await browser.page.keyboard.type(`query ${name} ${opened}`);
      await waitForText('.graphiql-query-editor', `query ${name} ${opened}${closed}`);
      await browser.page.waitForSelector(`.graphiql-tab-active:has-text("${name}")`);
    }

    function tabsInStorage(): Promise<unknown> {
      return browser.page.evaluate("localStorage['graphiql:tabState']");
    }

    async function waitForText(selector: string, text: string): Promise<void> {
      await expect.poll(() => textIn(selector), { timeout: 20_000 }).toContain(text);
    }

    /** The editor shows every space as a non-breaking one. */
    async function textIn(selector: string): Promise<string> {
      const texts = await browser.page.locator(`${selector} .view-lines`).allInnerTexts();
      return texts.join('\n').replaceAll('\u00a0', ' ');
    }
  },
);
