import { z } from 'zod';
import { MessageStatus, type MessageRole } from '../../platform/postgres/generated/enums.ts';
import { InvalidInput, type FieldError } from '../../platform/errors.ts';
import { optionalText } from '../../platform/input.ts';
import { slugOf, type Model } from '../model/model.ts';
import type { ModelOutput } from './model.ts';

/** Finds models by slug in the order of the slugs. */
export type FindModels = (slugs: readonly (string | null)[]) => Promise<readonly (Model | null)[]>;

/** The fields of an input that describe the output of a model. */
export const modelOutputFields = {
  modelId: optionalText(z.string()),
  status: z.enum(MessageStatus).nullish(),
  tokenCount: z.int().min(0, 'must be 0 or more').nullish(),
};

/** Returns true for a message of a model or a bot, which has no author. */
export function isModelOutput(role: MessageRole): boolean {
  return role === 'ASSISTANT' || role === 'TOOL';
}

/**
 * Returns the model, status and length of a new message.
 * @throws InvalidInput for an unknown model, and for any of the three where a user writes
 */
export async function modelOutputFrom(
  role: MessageRole,
  input: z.output<z.ZodObject<typeof modelOutputFields>>,
  findModels: FindModels,
): Promise<ModelOutput> {
  const { modelId = null, status = null, tokenCount = null } = input;
  if (!isModelOutput(role)) refuseIfGiven({ modelId, status, tokenCount });
  if (modelId === null) return { modelSlug: null, status: status ?? 'COMPLETE', tokenCount };
  const slug = slugOf(modelId);
  const [model] = await findModels([slug]);
  if (slug !== null && model) return { modelSlug: slug, status: status ?? 'COMPLETE', tokenCount };
  throw new InvalidInput([
    { code: 'NOT_FOUND', message: 'There is no such model.', path: ['input', 'modelId'] },
  ]);
}

function refuseIfGiven(fields: Readonly<Record<string, unknown>>): void {
  const errors = Object.entries(fields).flatMap(([name, value]): FieldError[] => {
    if (value === null) return [];
    const message = `\`${name}\` belongs to messages of the role ASSISTANT or TOOL.`;
    return [{ code: 'BAD_USER_INPUT', message, path: ['input', name] }];
  });
  if (errors.length > 0) throw new InvalidInput(errors);
}
