import { defaultFieldResolver, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { anExecutor, type TestField } from '../support/both-executors.ts';
import { aPerson, expectAgreement, expectFast, peopleSchema } from '../support/people-schema.ts';

describe('resolvers are called with the same values as by graphql-js', () => {
  it('the root value, also without a resolver', async () => {
    const rootValue = { number: 12, person: { name: 'Root' } };

    await expectFast({ query: '{ number person { name } }', rootValue }, { Query: { number: undefined } });
  });

  it('arguments that root fields and batched fields write into', async () => {
    const write = (args: unknown) => JSON.stringify(Object.assign(Object(args), { text: 'written', n: 1 }));
    const { level } = await expectFast('{ echo(text: "a") person { fetched { name } } }', {
      Query: { echo: (_root, args) => write(args) },
      Person: { fetched: { fetch: (rows, args) => rows.map(() => aPerson(write(args))) } },
    });

    expect(JSON.parse(JSON.parse(level).data.echo)).toMatchObject({ text: 'written' });
  });

  it('arguments that plain fields write into, one object per call', async () => {
    const { level } = await expectAgreement('{ people { echo(text: "a") } }', {
      Person: {
        echo: (_row, args) => {
          args['text'] += '!';
          return args['text'];
        },
      },
    });

    expect(JSON.parse(level)).toEqual({ data: { people: [{ echo: 'a!' }, { echo: 'a!' }, { echo: 'a!' }] } });
  });

  it.each(['nick', 'echo(text: "a")'])('%s shares its arguments between all sources', async (field) => {
    const seen = new Set<unknown>();
    const note: TestField = (_row, args) => String(seen.add(args).size);
    const executor = anExecutor(peopleSchema({ Person: { nick: note, echo: note } }));
    await executor.execute({ document: parse(`{ people { ${field} } }`), context: {} });

    expect(seen.size).toBe(1);
  });

  it('empty arguments that plain fields write into, one object per call', async () => {
    const { level } = await expectAgreement('{ people { nick } }', {
      Person: {
        nick: (_row, args) => {
          args['times'] = Number(args['times'] ?? 0) + 1;
          return String(args['times']);
        },
      },
    });

    expect(JSON.parse(level)).toEqual({ data: { people: [{ nick: '1' }, { nick: '1' }, { nick: '1' }] } });
  });

  it('the context, also with the default resolver', async () => {
    const { level } = await expectFast('{ person { nick name best { nick } strict { name count } } }', {
      Person: {
        nick: (_row, _args, context) => typeof context,
        name: defaultFieldResolver,
        strict: (_row, _args, context) => aPerson(typeof context),
      },
    });

    expect(JSON.parse(level).data.person).toMatchObject({
      nick: 'object',
      name: 'Ada',
      best: { nick: 'object' },
      strict: { name: 'object', count: 6 },
    });
  });

  it('the info of a root field', async () => {
    const echo: TestField = (_root, _args, _context, info) =>
      // The selection is an addition of the level executor.
      JSON.stringify({ ...info, schema: info.schema.getType('Person'), selection: undefined });
    const query =
      'query A($text: String = "a") { first: echo(text: $text) ...F } query B { number } fragment F on Query { echo first: echo(text: $text) }';
    const { level } = await expectFast(
      { query, operationName: 'A', rootValue: { is: 'root' } },
      { Query: { echo } },
    );

    expect(JSON.parse(JSON.parse(level).data.echo)).toMatchObject({
      schema: 'Person',
      variableValues: { text: 'a' },
    });
  });

  it('variables that root fields write into', async () => {
    const echo: TestField = (_root, _args, _context, { variableValues }) => {
      variableValues['text'] = 'written';
      return 'done';
    };

    await expectFast('{ echo }', { Query: { echo } });
    await expectFast('query ($text: String) { echo person(name: $text) { echo(text: $text) } }', {
      Query: { echo },
    });
  });
});
