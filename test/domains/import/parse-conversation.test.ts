import { describe, expect, it } from 'vitest';
import { parseConversation } from '../../../src/domains/import/parse-conversation.ts';

const message = { author: 'ann', createdAt: '2004-12-25T03:21:00Z', content: 'hello' };
const conversation = { tenant: 'ubuntu', externalId: 'a', title: 'A', messages: [message] };

const parse = (changes: object) => parseConversation(JSON.stringify({ ...conversation, ...changes }));
const parseMessage = (changes: object) => parse({ messages: [message, { ...message, ...changes }] });

describe('parseConversation', () => {
  it('parses a conversation, with the role USER by default', () => {
    expect(parse({ messages: [message, { ...message, role: 'TOOL' }], mood: 'ignored' })).toEqual({
      conversation: {
        ...conversation,
        messages: [
          { ...message, createdAt: new Date('2004-12-25T03:21:00Z'), role: 'USER' },
          { ...message, createdAt: new Date('2004-12-25T03:21:00Z'), role: 'TOOL' },
        ],
      },
      fault: null,
    });
  });

  it.each([
    ['{"a"', /^is not JSON: /],
    ['', /^is not JSON: /],
    ['7', /^the line must be a JSON object$/],
    ['[]', /^the line must be a JSON object$/],
    ['null', /^the line must be a JSON object$/],
    ['{}', /^tenant is missing; externalId is missing; title is missing; messages is missing$/],
  ])('refuses the line %s', (line, reason) => {
    expect(parseConversation(line)).toEqual({ conversation: null, fault: expect.stringMatching(reason) });
  });

  it.each([
    [{ tenant: 5 }, 'tenant must be a text'],
    [{ tenant: 'With Space' }, 'tenant must be 1 to 100 of a-z, 0-9, dash and underscore'],
    [{ tenant: 'import:other' }, 'tenant must be 1 to 100 of a-z, 0-9, dash and underscore'],
    [{ externalId: '' }, 'externalId must not be blank'],
    [{ externalId: 'x'.repeat(201) }, 'externalId must have at most 200 characters'],
    [{ title: ' \t' }, 'title must not be blank'],
    [{ title: '🙂'.repeat(501) }, 'title must have at most 500 characters'],
    [{ title: 'a\u0000b' }, 'title contains a NUL or an unpaired surrogate'],
    [{ title: '\ud800' }, 'title contains a NUL or an unpaired surrogate'],
    [{ messages: [] }, 'messages must not be empty'],
    [{ messages: 'hello' }, 'messages must be a list of messages'],
    [{ messages: [null] }, 'messages.0 must be a JSON object'],
  ])('refuses %j', (changes, fault) => {
    expect(parse(changes)).toEqual({ conversation: null, fault });
  });

  const badTime = 'messages.1.createdAt must be a time of RFC 3339, such as 2004-12-25T03:21:00Z';
  it.each([
    [{ author: '' }, 'messages.1.author must not be blank'],
    [{ content: undefined }, 'messages.1.content is missing'],
    [{ content: 'x'.repeat(100_001) }, 'messages.1.content must have at most 100000 characters'],
    [{ content: '\udc00' }, 'messages.1.content contains a NUL or an unpaired surrogate'],
    [{ role: 'KING' }, 'messages.1.role must be one of USER, ASSISTANT, SYSTEM, TOOL'],
    [{ createdAt: 1_103_944_860 }, badTime],
    [{ createdAt: '2004-12-25' }, badTime],
    [{ createdAt: '2004-12-25T03:21:00' }, badTime],
    [{ createdAt: '2004-02-30T03:21:00Z' }, badTime],
    [{ createdAt: '0001-01-01T00:00:00+05:00' }, 'messages.1.createdAt is in no year from 1 to 9999'],
    [{ createdAt: '9999-12-31T23:59:59-05:00' }, 'messages.1.createdAt is in no year from 1 to 9999'],
  ])('refuses a message with %j', (changes, fault) => {
    expect(parseMessage(changes)).toEqual({ conversation: null, fault });
  });

  it('counts characters, not UTF-16 units', () => {
    expect(parse({ title: '🙂'.repeat(500) }).fault).toBeNull();
  });

  it('reports at most five errors per line', () => {
    const messages = Array.from({ length: 9 }, () => ({ ...message, author: 5 }));

    expect(parse({ messages }).fault).toMatch(/^(messages\.\d\.author must be a text; ){5}and 4 more$/);
  });
});
