import { defaultFieldResolver, type GraphQLField, type GraphQLFieldResolver } from 'graphql';
import { z } from 'zod';
import { Forbidden, type ErrorCode } from '../platform/errors.ts';
import type { Rule } from './access.ts';
import type { RequestContext } from './context.ts';

type Resolve = GraphQLFieldResolver<unknown, RequestContext>;

/** Fields of an input that name the object of a mutation, in order of precedence. */
const targetFields = [
  'conversationId',
  'messageId',
  'sessionId',
  'apiKeyId',
  'modelId',
  'userId',
  'tenantId',
] as const;

/** The parts of payloads and arguments that the audit log needs. */
const payloadSchema = z.object({ userErrors: z.array(z.object({ code: z.custom<ErrorCode>() })) });
const argumentsSchema = z.object({ input: z.record(z.string(), z.unknown()) });
const publicId = z.string().regex(/^[a-z]+_[a-z0-9._-]{1,100}$/);

/**
 * Makes mutations, their access rules included, record refusals of signed-in callers in the audit log:
 * mutations for admins with any code, those with `auditsForbidden` with FORBIDDEN. Completed mutations are
 * recorded by their services, with the change.
 */
export function auditRefusals(
  mutations: readonly GraphQLField<unknown, RequestContext>[],
  rules: Readonly<Record<string, Rule>>,
): void {
  for (const field of mutations) {
    const { scope, auditsForbidden } = rules[field.name] ?? {};
    const resolve = field.resolve ?? defaultFieldResolver;
    if (scope === 'admin') field.resolve = noting(field.name, () => true, resolve);
    if (auditsForbidden === true) {
      field.resolve = noting(field.name, (code) => code === 'FORBIDDEN', resolve);
    }
  }
}

function noting(action: string, isWorthNoting: (code: ErrorCode) => boolean, resolve: Resolve): Resolve {
  return async (parent, args, context, info) => {
    const { caller } = context;
    const note = async (code: ErrorCode) => {
      if (caller === null || !isWorthNoting(code)) return;
      await context.services.audit.refused(caller, { action, target: targetOf(args) }, code);
    };
    try {
      const payload: unknown = await resolve(parent, args, context, info);
      const [fault] = payloadSchema.parse(payload).userErrors;
      if (fault !== undefined) await note(fault.code);
      return payload;
    } catch (error) {
      if (error instanceof Forbidden) await note(error.code);
      throw error;
    }
  };
}

/** Returns only text that has the form of an ID: the audit log contains no other text from clients. */
function targetOf(args: unknown): string | null {
  const input = argumentsSchema.safeParse(args).data?.input;
  for (const field of targetFields) {
    const target = publicId.safeParse(input?.[field]);
    if (target.success) return target.data;
  }
  return null;
}
