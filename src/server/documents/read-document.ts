import { GraphQLError, parse, type DocumentNode, type GraphQLSchema } from 'graphql';
import { Refusal } from '../../platform/errors.ts';
import { refuseTooComplex } from '../limits/document-shape.ts';
import type { QueryLimits } from '../limits/query-limits.ts';
import { Document } from './document.ts';

/**
 * Reads a document within the limits on its form; null for a text that is not GraphQL, which graphql-js
 * reports.
 * @throws Refusal with QUERY_TOO_COMPLEX
 */
export function readDocument(
  text: string,
  options: { readonly schema: GraphQLSchema; readonly limits: QueryLimits; readonly isFamiliar: boolean },
): Document | null {
  const { schema, limits, isFamiliar } = options;
  const ast = parseWithin(text, limits.tokensMax);
  if (ast === null) return null;
  refuseTooComplex(ast, limits);
  return new Document(schema, { text, ast, isFamiliar });
}

function parseWithin(text: string, tokensMax: number): DocumentNode | null {
  try {
    return parse(text, { noLocation: true, ...(tokensMax > 0 && { maxTokens: tokensMax }) });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    // graphql-js has no other mark for it.
    if (!/ tokens\. Parsing aborted/.test(error.message)) return null;
    throw new Refusal(
      'QUERY_TOO_COMPLEX',
      `This document has more than ${tokensMax} tokens, which are the most allowed.`,
    );
  }
}
