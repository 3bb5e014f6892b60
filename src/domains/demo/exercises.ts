import type { Difficulty } from '../../platform/postgres/generated/enums.ts';
import { dayMs, demoDays, demoNow, type DemoExercise } from './model.ts';
import { demoId } from './random.ts';

/** Twenty-four exercises, eight of each difficulty. */
export function createExercises(): DemoExercise[] {
  return texts.map(([difficulty, topic, title, prompt], index) => {
    const createdAt = new Date(demoNow - demoDays * dayMs + index * 60_000);
    return {
      id: demoId(`exercise ${title}`, createdAt.getTime()),
      title,
      topic,
      difficulty,
      prompt,
      createdAt,
    };
  });
}

/** Texts that users submit for exercises. */
export const submissions: readonly string[] = [
  'I wrote the question down first, then everything I know about it, and only then asked. The answer needed no second try.',
  'My version is two sentences long. The first says what I want, the second how I will check it.',
  'The model guessed a year that was not in the text. I asked for the quotation, and it withdrew the claim.',
  'I gave three examples, two typical ones and one odd one. The odd one made the difference.',
  'Shorter prompt, longer list of what must not happen. It worked at the second attempt.',
  'I asked for the opposite opinion as well and found two arguments that I had missed.',
];

const texts: readonly (readonly [Difficulty, topic: string, title: string, prompt: string])[] = [
  [
    'EASY',
    'asking',
    'One question at a time',
    'Take a message with three questions and split it so that each can be answered alone.',
  ],
  [
    'EASY',
    'asking',
    'Say who you are',
    'Ask for an explanation of inflation twice: as a ten-year-old and as a shop owner. Compare.',
  ],
  [
    'EASY',
    'asking',
    'The missing detail',
    'Ask for a recipe without naming the oven, then with it. Which lines have changed?',
  ],
  [
    'EASY',
    'summarising',
    'Three sentences',
    'Have a page of a manual summarised in three sentences, and find what was lost.',
  ],
  [
    'EASY',
    'summarising',
    'Minutes from chaos',
    'Turn a chat of twenty messages into decisions, owners and dates.',
  ],
  [
    'EASY',
    'writing',
    'Friendlier, not longer',
    'Make a stern reply friendlier without a single additional word.',
  ],
  [
    'EASY',
    'writing',
    'A subject line',
    'Write five subject lines for the same mail and say which one you would open.',
  ],
  [
    'EASY',
    'translating',
    'There and back',
    'Translate a proverb into another language and back. What remained of it?',
  ],
  [
    'MEDIUM',
    'asking',
    'Examples first',
    'Teach a sorting rule by three examples only, then test it with a fourth.',
  ],
  [
    'MEDIUM',
    'asking',
    'Ask for the doubt',
    'Let a model answer a question of fact, then let it list what it is least sure of.',
  ],
  [
    'MEDIUM',
    'checking',
    'Quote, please',
    'Ask five questions about a text and accept only answers with a quotation from it.',
  ],
  [
    'MEDIUM',
    'checking',
    'Spot the invention',
    'Ask about a book that does not exist. How would you notice that the answer is invented?',
  ],
  [
    'MEDIUM',
    'summarising',
    'For two readers',
    'Summarise one report for the board and for the night shift. Keep the numbers equal.',
  ],
  [
    'MEDIUM',
    'coding',
    'Explain the query',
    'Have a slow SQL query explained line by line, then ask for one index and its price.',
  ],
  [
    'MEDIUM',
    'coding',
    'Test before code',
    'Ask for the test of a leap year function first, and only then for the function.',
  ],
  [
    'MEDIUM',
    'translating',
    'Keep the joke',
    'Translate a pun so that it stays one; explain what you gave up.',
  ],
  [
    'HARD',
    'asking',
    'A prompt as a contract',
    'Write a prompt whose answer can be checked by a program, including the refusals.',
  ],
  [
    'HARD',
    'checking',
    'Two models disagree',
    'Find a question on which two models differ, and settle it by a third source.',
  ],
  [
    'HARD',
    'checking',
    'Measure it',
    'Grade twenty answers by a rule you wrote before you saw them. How often did you want to change the rule?',
  ],
  [
    'HARD',
    'coding',
    'Smallest failing case',
    'Reduce a failing program to under ten lines together with a model, without losing the failure.',
  ],
  [
    'HARD',
    'coding',
    'Review the reviewer',
    'Plant two faults in a function and let a model review it. Which one did it find, and why?',
  ],
  [
    'HARD',
    'planning',
    'The trip that fails',
    'Plan a journey with two changes, then ask for the three most likely ways it fails.',
  ],
  [
    'HARD',
    'planning',
    'Budget with a gap',
    'Give a budget with one missing figure. Make the model ask for it instead of guessing.',
  ],
  [
    'HARD',
    'writing',
    'In somebody else’s voice',
    'Describe a style in five rules without naming the author, and have a page written by them.',
  ],
];
