import { defaultFieldResolver, type GraphQLField, type GraphQLFieldResolver } from 'graphql';
import { z } from 'zod';
import { Forbidden, type ErrorCode } from '../platform/errors.ts';
import { isForAdmins } from './access.ts';
import type { RequestContext } from './context.ts';

type Resolve = GraphQLFieldResolver<unknown, RequestContext>;

/** Mutations for everybody that only admins may use upon what others own. */
const uponOthers: readonly string[] = [
  'deleteConversation',
  'deleteMessage',
  'revokeSession',
  'revokeApiKey',
];

/** What of an input says to what something was to be done. */
const targetFields = [
  'conversationId',
  'messageId',
  'sessionId',
  'apiKeyId',
  'modelId',
  'userId',
  'tenantId',
] as const;

/** The parts of a payload and of arguments that are read here. */
const payloadSchema = z.object({ userErrors: z.array(z.object({ code: z.custom<ErrorCode>() })) });
const argumentsSchema = z.object({ input: z.record(z.string(), z.unknown()) });
const publicId = z.string().regex(/^[a-z]+_[a-z0-9._-]{1,100}$/);

/**
 * Lets mutations, their rules included, leave an entry in the audit log when they refuse somebody who is signed in: those for
 * admins with any code, those that reach what others own with FORBIDDEN. What was done is noted by the service that did it,
 * with the change itself.
 */
export function auditRefusals(mutations: readonly GraphQLField<unknown, RequestContext>[]): void {
  for (const field of mutations) {
    const resolve = field.resolve ?? defaultFieldResolver;
    if (isForAdmins(field.name)) field.resolve = noting(field.name, () => true, resolve);
    if (uponOthers.includes(field.name)) {
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

/** Only what has the form of an id: whatever else a client sends is no business of the log. */
function targetOf(args: unknown): string | null {
  const input = argumentsSchema.safeParse(args).data?.input;
  for (const field of targetFields) {
    const target = publicId.safeParse(input?.[field]);
    if (target.success) return target.data;
  }
  return null;
}
