import { HeaderMap, type GraphQLRequest, type HTTPGraphQLRequest } from '@apollo/server';
import type { FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import Negotiator from 'negotiator';
import { BadUserInput } from '../../platform/errors.ts';
import { isNone } from '../../platform/text.ts';
import type { Document } from '../documents/document.ts';
import { HttpError } from '../errors/http-errors.ts';

/** An operation as its client sent it, with its document. */
export class OperationRequest implements GraphQLRequest {
  query?: string;
  operationName?: string;
  variables?: Record<string, unknown>;
  extensions?: Record<string, unknown>;
  /** Present where HTTP itself limits the operation: a GET allows no mutations. */
  http?: HTTPGraphQLRequest;
  /** The id of a trusted document. */
  documentId: string | null = null;
  /** Null for a text that is not GraphQL, and before the text is parsed. */
  document: Document | null = null;
}

/** The media types of responses; the first is the default (GraphQL over HTTP, legacy watershed). */
export const mediaTypes = [
  'application/json; charset=utf-8',
  'application/graphql-response+json; charset=utf-8',
] as const;

const pageType = 'text/html';

/** The types of bodies that browsers send without a preflight (Fetch standard, CORS-safelisted). */
const simpleTypes = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

/** The media type of a response; it also decides the status, see `statusOfFailure`. */
export type MediaType = (typeof mediaTypes)[number];

/**
 * Returns the media type that the client prefers by its Accept header (RFC 9110, section 12.5.1); null if the
 * client accepts none.
 */
export function chooseMediaType(accept: string | undefined): MediaType | null {
  // Most clients send one of these two, for which parsing has the same result.
  if (accept === undefined || accept === '' || accept === '*/*') return mediaTypes[0];
  const chosen = negotiate(accept, mediaTypes);
  return mediaTypes.find((mediaType) => mediaType === chosen) ?? null;
}

/** Returns true for a client that prefers a page to data, as only a browser does. */
export function prefersPage(accept: string | undefined): boolean {
  // A browser names the type; a wildcard alone requests data.
  if (accept?.includes(pageType) !== true) return false;
  return negotiate(accept, [...mediaTypes, pageType]) === pageType;
}

function negotiate(accept: string, available: readonly string[]): string | undefined {
  return new Negotiator({ headers: { accept } }).mediaType(available);
}

/** Rejects a body that would be misread: every body is read as uncompressed UTF-8. @throws HttpError */
export function refuseForeignEncoding({
  request: { headers },
}: {
  readonly request: { readonly headers: IncomingHttpHeaders };
}): void {
  const encoding = headers['content-encoding'] ?? '';
  if (encoding !== '' && encoding.toLowerCase() !== 'identity') {
    throw new HttpError(415, 'BAD_USER_INPUT', 'The body must not be compressed.', {
      'accept-encoding': 'identity',
    });
  }
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new HttpError(415, 'BAD_USER_INPUT', 'The body must be encoded as UTF-8.', {
      'accept-post': 'application/json; charset=utf-8',
    });
  }
}

/** Reads the operation of a POST or GET, in the form of GraphQL over HTTP. @throws BadUserInput */
export function readOperation({ body, headers, method, query }: FastifyRequest): OperationRequest {
  if (method === 'POST') return operationFrom(body);
  refuseForgery(headers);
  const operation = operationFrom(parametersOf(query));
  // Apollo Server reads only the method, and allows no mutation by GET.
  operation.http = { method: 'GET', headers: new HeaderMap(), search: '', body: undefined };
  return operation;
}

/** Reads an operation from the parameters of GraphQL over HTTP. @throws BadUserInput */
export function operationFrom(parameters: unknown): OperationRequest {
  if (Array.isArray(parameters)) {
    throw new BadUserInput('A batch of operations is not accepted; send one operation a request.');
  }
  if (!isRecord(parameters)) throw new BadUserInput('The body must be a JSON object with the key `query`.');
  const { documentId, query, operationName, variables, extensions } = withoutEmpty(parameters);
  const request = new OperationRequest();
  if (isRecord(extensions)) request.extensions = extensions;
  else if (extensions !== null) throw mustBe('extensions', 'a JSON object');

  const persistedQuery = request.extensions?.['persistedQuery'];
  if (typeof documentId === 'string') request.documentId = documentId;
  else if (documentId !== null) throw mustBe('documentId', 'a string');
  else if (persistedQuery !== undefined) request.documentId = hashIn(persistedQuery);
  // A client of automatic persisted queries starts without a query. Apollo Server's error makes such clients
  // send the query; an error from here would end the exchange.
  const mayLackQuery = request.documentId !== null || persistedQuery !== undefined;
  if (typeof query === 'string') request.query = query;
  else if (query !== null || !mayLackQuery) throw mustBe('query', 'a GraphQL document, as a string');

  if (typeof operationName === 'string') request.operationName = operationName;
  else if (operationName !== null) throw mustBe('operationName', 'a string');
  if (isRecord(variables)) request.variables = variables;
  else if (variables !== null) throw mustBe('variables', 'a JSON object');
  return request;
}

/** Returns the parameters of an operation; null for each that is absent or empty. */
function withoutEmpty(parameters: Readonly<Record<string, unknown>>) {
  const { documentId, query, operationName, variables, extensions } = parameters;
  return {
    documentId: presentOrNull(documentId),
    query: presentOrNull(query),
    operationName: presentOrNull(operationName),
    variables: presentOrNull(variables),
    extensions: presentOrNull(extensions),
  };
}

function presentOrNull(value: unknown): unknown {
  return value === undefined || value === '' ? null : value;
}

function hashIn(persistedQuery: unknown): string | null {
  const sha256Hash = isRecord(persistedQuery) ? persistedQuery['sha256Hash'] : undefined;
  return typeof sha256Hash === 'string' ? sha256Hash : null;
}

function mustBe(name: string, kind: string): BadUserInput {
  return new BadUserInput(`\`${name}\` must be ${kind}.`);
}

/**
 * Rejects a request that a page of another origin can make a browser send without a preflight (a CORS "simple
 * request" of the Fetch standard), as it carries the user's cookies and network position. A POST needs no
 * check, as its only content type is not simple; the header names are those of Apollo's clients.
 */
function refuseForgery(headers: IncomingHttpHeaders): void {
  const type = mediaTypeOf(headers);
  if (type === 'application/json') return;
  const hasPreflight =
    headers['apollo-require-preflight'] ||
    headers['x-apollo-operation-name'] ||
    // Only a script can send it, and only after a preflight; browsers themselves send `Basic`.
    /^bearer /i.test(headers.authorization ?? '');
  if (!hasPreflight && (type === null || simpleTypes.includes(type))) {
    throw new BadUserInput(
      'A GET must carry a header that browsers do not send unasked: `apollo-require-preflight: true`.',
    );
  }
  // As Apollo Server does, because some browsers have sent such types without a preflight.
  if (type !== null) {
    throw new HttpError(
      415,
      'BAD_USER_INPUT',
      'A GET has no body; its `content-type` can only be application/json.',
    );
  }
}

/** The media type without parameters; null without one. */
function mediaTypeOf({ 'content-type': contentType }: IncomingHttpHeaders): string | null {
  const [type = ''] = (contentType ?? '').split(';');
  return isNone(contentType) ? null : type.trim().toLowerCase();
}

/** Returns the parameters of an operation in the search of a URL. */
function parametersOf(search: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(search)) throw new BadUserInput('The URL must have the search parameter `query`.');
  const repeated = Object.keys(search).find((name) => Array.isArray(search[name]));
  if (repeated !== undefined) throw new BadUserInput('The URL has a search parameter more than once.');
  return {
    query: search['query'],
    documentId: search['documentId'],
    operationName: search['operationName'],
    variables: parseParameter('variables', search['variables']),
    extensions: parseParameter('extensions', search['extensions']),
  };
}

function parseParameter(name: string, text: unknown): unknown {
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new BadUserInput(`The search parameter \`${name}\` is not valid JSON.`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
