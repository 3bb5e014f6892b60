import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { Unplanned } from '../../src/execution/plan/compile.ts';
import { PlanCache } from '../../src/execution/plan/plan-cache.ts';
import { aSchema } from '../support/both-executors.ts';
import { peopleSchema } from '../support/people-schema.ts';

/** Enough documents to fill the cache, and more than find room beside them. */
const kept = Array.from({ length: 1000 }, () => parse('{ number }'));
const others = Array.from({ length: 2000 }, () => parse('{ number }'));

function aCache() {
  const cache = new PlanCache(peopleSchema());
  return (document: (typeof kept)[number]) => cache.find(document, null, {}).plan;
}

describe('plans', () => {
  it('are kept of 1000 documents', () => {
    const planOf = aCache();
    const plans = kept.map(planOf);

    expect(kept.every((document, index) => planOf(document) === plans[index])).toBe(true);
  });

  it('make room for those of a document that was not asked for before', () => {
    const planOf = aCache();
    const plans = kept.map(planOf);
    others.forEach(planOf);

    expect(kept.some((document, index) => planOf(document) === plans[index])).toBe(false);
  });

  it('are kept as long as somebody asks for them', () => {
    const planOf = aCache();
    const [often, ...rest] = kept.map((document) => ({ document, plan: planOf(document) }));
    others.slice(1).forEach((other) => {
      if (often !== undefined) planOf(often.document);
      planOf(other);
    });

    expect(often !== undefined && planOf(often.document) === often.plan).toBe(true);
    expect(rest.some(({ document, plan }) => planOf(document) === plan)).toBe(false);
  });

  it.each(['@include(if: $on)', '@skip(if: $on)'])('are kept for each value of %s', (condition) => {
    const cache = new PlanCache(peopleSchema());
    const document = parse(`query ($on: Boolean!) { number person ${condition} { name } }`);
    const planFor = (on: boolean) => cache.find(document, null, { on }).plan;

    expect(planFor(true)).toBe(planFor(true));
    expect(planFor(false)).toBe(planFor(false));
    expect(planFor(true)).not.toBe(planFor(false));
  });

  it('do not depend on what other directives say', () => {
    const cache = new PlanCache(aSchema('directive @note(of: String) on FIELD type Query { a: Int }', {}));
    const document = parse('query ($of: String) { a @note(of: $of) }');
    const planFor = (of: string) => cache.find(document, null, { of }).plan;

    expect(planFor('one')).toBe(planFor('other'));
  });

  it('that cannot be made are tried once', () => {
    const cache = new PlanCache(peopleSchema());
    const document = parse('{ __schema { types { name } } }');
    const reasonOf = () => {
      try {
        return cache.find(document, null, {});
      } catch (error) {
        return error;
      }
    };

    expect(reasonOf()).toBeInstanceOf(Unplanned);
    expect(reasonOf()).toBe(reasonOf());
  });
});
