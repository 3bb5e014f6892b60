import { z } from 'zod';
import type { Hint } from '../../live/hint.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { uniqueViolationOf } from '../../platform/postgres/database-errors.ts';
import { Visibility } from '../../platform/postgres/generated/enums.ts';
import { InvalidInput, type FieldError } from '../../platform/errors.ts';
import { createId, fromPublicId } from '../../platform/ids.ts';
import { optionalText, parseInput, invalidInput, textInput } from '../../platform/input.ts';
import { slugOf, type Model } from '../model/model.ts';
import { auditEntry } from '../audit/model.ts';
import type { Viewer } from '../session/model.ts';
import { mayChange, missingConversation, type Conversation, type ConversationForWriting } from './model.ts';
import type { ConversationQueries } from './queries.ts';

const title = textInput({ min: 1, max: 500 });
const visibility = z.enum(Visibility);

const createSchema = z.object({
  title,
  visibility: visibility.nullish().transform((chosen) => chosen ?? 'PRIVATE'),
  modelId: optionalText(z.string()),
  participantIds: z.array(z.string()).max(200, 'must have at most 200 entries').nullish(),
  externalId: optionalText(textInput({ min: 1, max: 200 })),
});

const updateSchema = z.object({
  conversationId: z.string(),
  title: title.nullish(),
  visibility: visibility.nullish(),
  modelId: optionalText(z.string()),
  isArchived: z.boolean().nullish(),
});

const deleteSchema = z.object({ conversationId: z.string() });

/** Finds models by slug in the order of the slugs. */
type FindModels = (slugs: readonly (string | null)[]) => Promise<readonly (Model | null)[]>;

/** The service for conversations. */
export type ConversationService = ReturnType<typeof createConversationService>;

/** Creates the service for conversations; each method returns the conversation's UUID. */
export function createConversationService(options: {
  readonly queries: ConversationQueries;
  readonly findModels: FindModels;
  readonly hint: Hint;
  readonly clock: Clock;
}) {
  const { queries, findModels, hint, clock } = options;

  return {
    /** @throws InvalidInput for guests, for invalid input, and for an `externalId` that is in use */
    async create(viewer: Viewer, input: unknown): Promise<string> {
      if (viewer.role === 'GUEST') {
        throw invalidInput('FORBIDDEN', 'Guests cannot create conversations.');
      }
      const { modelId, participantIds, externalId, ...rest } = parseInput(createSchema, input);
      const [model, participants] = await Promise.all([
        usableModel(findModels, modelId),
        membersAmong(queries, viewer, participantIds ?? []),
      ]);
      refuseIfAny([...model.errors, ...participants.errors]);

      const id = createId();
      const conversation = { ...rest, id, ownerId: viewer.userId, modelSlug: model.slug };
      try {
        await queries.create(viewer.tenantId, {
          ...conversation,
          externalId: externalId ?? null,
          participantIds: participants.ids,
          createdAt: new Date(clock.now()),
        });
      } catch (error) {
        if (uniqueViolationOf(error)?.includes('external_id') !== true) throw error;
        throw invalidInput('CONFLICT', 'Another conversation has this external id.', ['externalId'], {
          reason: 'TAKEN',
        });
      }
      return id;
    },

    /** @throws InvalidInput for invalid input, and if the viewer may not change the conversation */
    async update(viewer: Viewer, input: unknown): Promise<string> {
      const { conversationId, modelId, isArchived, ...rest } = parseInput(updateSchema, input);
      const conversation = await findChangeable(queries, viewer, conversationId);
      const model = await usableModel(findModels, modelId);
      refuseIfAny(model.errors);

      const now = new Date(clock.now());
      await queries.update(
        viewer.tenantId,
        conversation.id,
        {
          title: rest.title ?? undefined,
          visibility: rest.visibility ?? undefined,
          modelSlug: modelId === undefined ? undefined : model.slug,
          archivedAt: archivedAtFrom(isArchived, conversation, now),
        },
        now,
      );
      hint(conversation.id);
      return conversation.id;
    },

    /** @throws InvalidInput if the viewer may not delete the conversation, or if it has just been deleted */
    async remove(viewer: Viewer, input: unknown): Promise<string> {
      const { conversationId } = parseInput(deleteSchema, input);
      const { id, ownerId, messageCount } = await findChangeable(queries, viewer, conversationId);
      const note = { action: 'deleteConversation', target: conversationId, details: { messageCount } };
      const entry = ownerId === viewer.userId ? null : auditEntry(viewer, note, new Date(clock.now()));
      if (!(await queries.remove(viewer.tenantId, id, entry))) throw missingConversation();
      hint(id);
      return id;
    },
  };
}

async function findChangeable(
  queries: ConversationQueries,
  viewer: Viewer,
  publicId: string,
): Promise<ConversationForWriting> {
  const id = fromPublicId('conv', publicId);
  const conversation = id === null ? null : await queries.forWriting(viewer, id);
  if (conversation === null) throw missingConversation();
  if (!mayChange(viewer, conversation)) {
    throw invalidInput('FORBIDDEN', 'Only the owner and admins can change this conversation.', [
      'conversationId',
    ]);
  }
  return conversation;
}

/** Archiving an archived conversation keeps its date. */
function archivedAtFrom(
  isArchived: boolean | null | undefined,
  conversation: Conversation,
  now: Date,
): Date | null | undefined {
  if (isArchived === null || isArchived === undefined) return undefined;
  return isArchived ? (conversation.archivedAt ?? now) : null;
}

interface Chosen {
  readonly slug: string | null;
  readonly errors: readonly FieldError[];
}

async function usableModel(findModels: FindModels, modelId: string | null | undefined): Promise<Chosen> {
  if (modelId === null || modelId === undefined) return { slug: null, errors: [] };
  const slug = slugOf(modelId);
  const [model] = await findModels([slug]);
  if (model?.isEnabled === true) return { slug, errors: [] };
  return { slug: null, errors: [missing('model that can be used', ['modelId'])] };
}

async function membersAmong(queries: ConversationQueries, viewer: Viewer, publicIds: readonly string[]) {
  const ids = publicIds.map((publicId) => fromPublicId('user', publicId));
  const known = ids.filter((id) => id !== null);
  const members = known.length === 0 ? new Set() : await queries.activeMembers(viewer.tenantId, known);
  const errors = ids.flatMap((id, index) =>
    id !== null && members.has(id) ? [] : [missing('active member', ['participantIds', String(index)])],
  );
  return { ids: known, errors };
}

function missing(what: string, path: readonly string[]): FieldError {
  return { code: 'NOT_FOUND', message: `There is no such ${what}.`, path: ['input', ...path] };
}

function refuseIfAny(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw new InvalidInput(errors);
}
