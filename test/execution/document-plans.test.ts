import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { NotPlannable } from '../../src/execution/plan/compile.ts';
import { DocumentPlans } from '../../src/execution/plan/document-plans.ts';
import { aSchema } from '../support/both-executors.ts';
import { peopleSchema } from '../support/people-schema.ts';

function plansOf(query: string, onCompile = (_fieldCount: number) => {}): DocumentPlans {
  return new DocumentPlans(peopleSchema(), parse(query), onCompile);
}

describe('the plans of a document', () => {
  it('are compiled when first needed, reported with their number of fields, and kept', () => {
    const compiled: number[] = [];
    const plans = plansOf('{ number person { name age } }', (fieldCount) => compiled.push(fieldCount));
    expect(compiled).toEqual([]);
    const { plan } = plans.find(null, {});

    expect(plans.find(null, {}).plan).toBe(plan);
    expect(compiled).toEqual([4]);
  });

  it.each(['@include(if: $on)', '@skip(if: $on)'])('are stored for each value of %s', (condition) => {
    const plans = plansOf(`query ($on: Boolean!) { number person ${condition} { name } }`);
    const planFor = (on: boolean) => plans.find(null, { on }).plan;

    expect(planFor(true)).toBe(planFor(true));
    expect(planFor(false)).toBe(planFor(false));
    expect(planFor(true)).not.toBe(planFor(false));
  });

  it('do not depend on other directives', () => {
    const schema = aSchema('directive @note(of: String) on FIELD type Query { a: Int }', {});
    const document = parse('query ($of: String) { a @note(of: $of) }');
    const plans = new DocumentPlans(schema, document, () => {});
    const planFor = (of: string) => plans.find(null, { of }).plan;

    expect(planFor('one')).toBe(planFor('other'));
  });

  it('that cannot be compiled are tried once', () => {
    const plans = plansOf('{ __schema { types { name } } }');
    const reasonOf = () => {
      try {
        return plans.find(null, {});
      } catch (error) {
        return error;
      }
    };

    expect(reasonOf()).toBeInstanceOf(NotPlannable);
    expect(reasonOf()).toBe(reasonOf());
  });
});
