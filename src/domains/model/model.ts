import type { Viewer } from '../session/model.ts';
import type { Settings } from '../setting/model.ts';

/** A language model. */
export interface Model {
  readonly slug: string;
  readonly name: string;
  readonly provider: string;
  readonly contextWindow: number;
  readonly maxOutputTokens: number | null;
  readonly inputPricePerMillion: number | null;
  readonly outputPricePerMillion: number | null;
  readonly isEnabled: boolean;
  readonly isMock: boolean;
}

/**
 * Returns whether a caller may use a model: never a disabled model, and without credentials only a mock model
 * while the settings allow that. To be checked before every call of a model.
 */
export function mayUseModel(
  viewer: Viewer | null,
  model: Pick<Model, 'isEnabled' | 'isMock'>,
  { anonymousMockMode }: Pick<Settings, 'anonymousMockMode'>,
): boolean {
  if (!model.isEnabled) return false;
  return viewer !== null || (model.isMock && anonymousMockMode);
}

const prefix = 'model_';

/** The public ID of a model, derived from its slug, which is unique and never changes. */
export function modelIdOf(slug: string): string {
  return prefix + slug;
}

/** The slug in a model's public ID. */
export function slugOf(modelId: string): string | null {
  const slug = modelId.slice(prefix.length);
  return modelId.startsWith(prefix) && slugPattern.test(slug) ? slug : null;
}

/** 1 to 100 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit. */
export const slugPattern = /^[a-z0-9][a-z0-9._-]{0,99}$/;
