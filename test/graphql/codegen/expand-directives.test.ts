import { parse, print } from 'graphql';
import { describe, expect, it } from 'vitest';
import { expandDirectives } from '../../../src/graphql/codegen/expand-directives.ts';

describe('@connection', () => {
  it("adds the paging arguments after the field's own, and the types once for two fields", () => {
    const sdl = expanded(`
      type User { messages(role: Role): [Message!]! @connection @deprecated(reason: "Slow.") }
      type Room { messages: [Message!]! @connection }
    `);

    expect(sdl).toMatch(
      /messages\(\s*role: Role[^)]*\sfirst: Int[^)]*\safter: String[^)]*\slast: Int[^)]*\sbefore: String\s*\): MessageConnection! @deprecated\(reason: "Slow\."\)/,
    );
    expect(sdl.match(/type MessageConnection /g)).toHaveLength(1);
    expect(sdl.match(/type MessageEdge /g)).toHaveLength(1);
    expect(sdl).toContain('nodes: [Message!]!');
    expect(sdl).not.toContain('@connection');
  });

  it('makes a nullable connection of a nullable list', () => {
    expect(expanded('type Room { messages: [Message!] @connection }')).toMatch(/\): MessageConnection\n/);
  });

  it.each(['Message', '[Message]', '[Message]!', '[[Message!]!]!'])(
    'on a field of the type %s is an error that names the field',
    (type) => {
      expect(() => expanded(`type Room { messages: ${type} @connection }`)).toThrow(/messages.*\[Node!\]!/);
    },
  );
});

describe('@payload', () => {
  it("adds userErrors after the type's fields, and a missing description", () => {
    const sdl = expanded('type SendMessagePayload @payload { message: Message }');

    expect(sdl).toMatch(/"Payload of sendMessage\."\s*type SendMessagePayload \{/);
    expect(sdl).toMatch(/message: Message\s+"[^"]+"\s+userErrors: \[UserError!\]!\s+\}/);
  });

  it('keeps the description of a type that has one', () => {
    expect(expanded('"Own words." type SendPayload @payload { id: ID }')).toContain('"Own words."');
  });
});

it('the definitions of both directives are removed, others stay', () => {
  const sdl = expanded(`
    directive @connection on FIELD_DEFINITION
    directive @payload on OBJECT
    directive @other on OBJECT
  `);

  expect(sdl).toBe('directive @other on OBJECT');
});

function expanded(sdl: string): string {
  return print(expandDirectives(parse(sdl)));
}
