/** A model of the demo; prices are US dollars per million tokens, null for self-hosted models. */
export interface DemoLanguageModel {
  readonly slug: string;
  readonly name: string;
  readonly provider: string;
  readonly contextWindow: number;
  readonly maxOutputTokens: number;
  readonly inputPricePerMillion: number | null;
  readonly outputPricePerMillion: number | null;
  readonly isEnabled: boolean;
  readonly isMock: boolean;
}

/** The default model, which works without a provider's key. */
export const defaultModelSlug = 'mock-echo';

/** The language models of the demo. */
export const languageModels: readonly DemoLanguageModel[] = [
  model('gpt-4.1', 'GPT-4.1', 'OpenAI', 1_047_576, 32_768, [2, 8]),
  model('gpt-4o', 'GPT-4o', 'OpenAI', 128_000, 16_384, [2.5, 10]),
  model('gpt-4o-mini', 'GPT-4o mini', 'OpenAI', 128_000, 16_384, [0.15, 0.6]),
  model('o4-mini', 'o4-mini', 'OpenAI', 200_000, 100_000, [1.1, 4.4]),
  model('claude-sonnet-4', 'Claude Sonnet 4', 'Anthropic', 200_000, 64_000, [3, 15]),
  model('claude-3.5-haiku', 'Claude Haiku 3.5', 'Anthropic', 200_000, 8192, [0.8, 4]),
  model('gemini-2.5-pro', 'Gemini 2.5 Pro', 'Google', 1_048_576, 65_536, [1.25, 10]),
  model('gemini-2.5-flash', 'Gemini 2.5 Flash', 'Google', 1_048_576, 65_536, [0.3, 2.5]),
  model('mistral-large', 'Mistral Large', 'Mistral AI', 128_000, 32_768, [2, 6]),
  { ...model('llama-3.3-70b', 'Llama 3.3 70B', 'Self-hosted', 131_072, 8192, null), isEnabled: false },
  { ...model(defaultModelSlug, 'Mock Echo', 'Parley', 8192, 2048, [0, 0]), isMock: true },
  { ...model('mock-poet', 'Mock Poet', 'Parley', 32_768, 4096, [0, 0]), isMock: true },
];

function model(
  slug: string,
  name: string,
  provider: string,
  contextWindow: number,
  maxOutputTokens: number,
  prices: readonly [input: number, output: number] | null,
): DemoLanguageModel {
  const [inputPricePerMillion, outputPricePerMillion] = prices ?? [null, null];
  return {
    slug,
    name,
    provider,
    contextWindow,
    maxOutputTokens,
    inputPricePerMillion,
    outputPricePerMillion,
    isEnabled: true,
    isMock: false,
  };
}
