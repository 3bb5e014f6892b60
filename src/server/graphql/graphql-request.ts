import type { IncomingHttpHeaders } from 'node:http';
import { BadUserInput } from '../../platform/errors.ts';
import { HttpRefusal } from '../errors/http-errors.ts';
import { OperationRequest } from './operation-request.ts';

/** The operation in the JSON body of a POST, as GraphQL over HTTP shapes it. @throws BadUserInput */
export function readBody(body: unknown): OperationRequest {
  if (Array.isArray(body)) {
    throw new BadUserInput('A batch of operations is not accepted; send one operation a request.');
  }
  if (!isRecord(body)) throw new BadUserInput('The body must be a JSON object with the key `query`.');
  return toOperation(body);
}

/** The operation in the search parameters of a GET, as GraphQL over HTTP shapes it. @throws BadUserInput */
export function readSearch(search: unknown): OperationRequest {
  if (!isRecord(search)) throw new BadUserInput('The URL must have the search parameter `query`.');
  const repeated = Object.keys(search).find((name) => Array.isArray(search[name]));
  if (repeated !== undefined) throw new BadUserInput('The URL has a search parameter more than once.');
  return toOperation({
    query: search['query'],
    documentId: search['documentId'],
    operationName: search['operationName'],
    variables: parseParameter('variables', search['variables']),
    extensions: parseParameter('extensions', search['extensions']),
  });
}

/**
 * Refuses what a page of another origin could make a browser send without asking first (a CORS "simple
 * request", in the Fetch standard): such a request carries the user's cookies and network position. A POST
 * needs no check, its only content type is not among the simple ones. The headers' names are Apollo's, so
 * that its clients pass.
 * @throws BadUserInput
 */
export function refuseForgery(headers: IncomingHttpHeaders): void {
  if (headers['apollo-require-preflight'] || headers['x-apollo-operation-name']) return;
  if (/^application\/json\b/i.test(headers['content-type'] ?? '')) return;
  throw new BadUserInput(
    'A GET must carry a header that browsers do not send unasked: `apollo-require-preflight: true`.',
  );
}

/**
 * Refuses a body that would be read wrongly: every body is taken as uncompressed UTF-8. @throws HttpRefusal
 */
export function refuseForeignEncoding(headers: IncomingHttpHeaders): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new HttpRefusal(415, 'BAD_USER_INPUT', 'The body must not be compressed.', {
      'accept-encoding': 'identity',
    });
  }
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new HttpRefusal(415, 'BAD_USER_INPUT', 'The body must be encoded as UTF-8.', {
      'accept-post': 'application/json; charset=utf-8',
    });
  }
}

function toOperation(parameters: Readonly<Record<string, unknown>>): OperationRequest {
  const { query, operationName, variables, extensions } = parameters;
  const request = new OperationRequest();
  if (isRecord(extensions)) request.extensions = extensions;
  else refuseUnlessAbsent('extensions', 'a JSON object', extensions);

  request.documentId = documentIdOf(parameters['documentId'], request.extensions?.['persistedQuery']);
  // A client that hopes for automatic persisted queries starts without a query. Apollo Server answers it in
  // the words that make such clients send the query; to refuse it here would end the exchange.
  const isPersisted =
    query === undefined &&
    (request.documentId !== null || request.extensions?.['persistedQuery'] !== undefined);
  if (typeof query === 'string' && query !== '') request.query = query;
  else if (!isPersisted) throw new BadUserInput('`query` must be a GraphQL document, as a string.');

  if (typeof operationName === 'string') request.operationName = operationName;
  else refuseUnlessAbsent('operationName', 'a string', operationName);
  if (isRecord(variables)) request.variables = variables;
  else refuseUnlessAbsent('variables', 'a JSON object', variables);
  return request;
}

function documentIdOf(documentId: unknown, persistedQuery: unknown): string | null {
  if (typeof documentId === 'string') return documentId;
  refuseUnlessAbsent('documentId', 'a string', documentId);
  const sha256Hash = isRecord(persistedQuery) ? persistedQuery['sha256Hash'] : undefined;
  return typeof sha256Hash === 'string' ? sha256Hash : null;
}

function refuseUnlessAbsent(name: string, kind: string, value: unknown): void {
  if (value !== undefined && value !== null) throw new BadUserInput(`\`${name}\` must be ${kind}.`);
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
