import type { GraphQLRequest, HTTPGraphQLRequest } from '@apollo/server';
import type { Document } from '../documents/document.ts';

/** One operation as its client sent it, and what the server found out about its document. */
export class OperationRequest implements GraphQLRequest {
  query?: string;
  operationName?: string;
  variables?: Record<string, unknown>;
  extensions?: Record<string, unknown>;
  /** Present where HTTP itself limits the operation: a GET allows no mutations. */
  http?: HTTPGraphQLRequest;
  /** The id of a document that the server was given beforehand. */
  documentId: string | null = null;
  /** Null for a text that is not GraphQL, and before the text is parsed. */
  document: Document | null = null;
}
