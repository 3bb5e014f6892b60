import { itemAt, type Random } from './random.ts';
import { drawSlots, fillSlots } from './slots.ts';
import type { Topic } from './topic.ts';

/** The speaker of a line: the person with a question (`a`), another person (`b`) or a model (`m`). */
type Part = 'a' | 'b' | 'm';

interface Line {
  readonly part: Part;
  readonly text: string;
}

/** Consecutive lines that belong together; the order of exchanges does not matter. */
type Exchange = readonly Line[];

/** A parsed topic. */
export interface Script {
  readonly titles: readonly string[];
  readonly system: string;
  readonly exchanges: readonly Exchange[];
}

/** A person in a conversation. */
interface Speaker {
  readonly id: string;
  readonly firstName: string;
}

/** The speakers of a conversation: at least one person, and a model if there is only one person. */
export interface Cast {
  readonly people: readonly Speaker[];
  readonly hasModel: boolean;
}

/** A message; by a model if `speakerId` is null. */
export interface Saying {
  readonly speakerId: string | null;
  readonly text: string;
}

/** Parses a topic. @throws RangeError with the line that is invalid */
export function readScript(topic: Topic): Script {
  const exchanges = topic.dialogue.trim().split('\n\n').map(readExchange);
  return { titles: topic.titles, system: topic.system, exchanges };
}

/** Writes `count` messages from the first script and, once that is used up, from the others. */
export function writeDialogue(
  random: Random,
  scripts: readonly Script[],
  cast: Cast,
  count: number,
): Saying[] {
  const sayings: Saying[] = [];
  for (let turn = 0; sayings.length < count; turn += 1) {
    const script = turn === 0 ? itemAt(scripts, 0) : random.pick(scripts);
    for (const exchange of random.shuffled(script.exchanges.filter((lines) => isFor(cast, lines)))) {
      sayings.push(...sayExchange(random, exchange, cast));
    }
  }
  return sayings.slice(0, count);
}

function readExchange(block: string): Exchange {
  return block
    .replaceAll('\n| ', '\u0000')
    .split('\n')
    .map((line) => {
      const [, part, text] = /^([abm]): (.+)$/.exec(line) ?? [];
      if (!isPart(part) || text === undefined) throw new RangeError(`This is no line of a dialogue: ${line}`);
      return { part, text: text.replaceAll('\u0000', '\n') };
    });
}

function isPart(part: string | undefined): part is Part {
  return part === 'a' || part === 'b' || part === 'm';
}

function isFor(cast: Cast, exchange: Exchange): boolean {
  return exchange.every(({ part }) => {
    if (part === 'm') return cast.hasModel;
    return part === 'a' || cast.people.length > 1;
  });
}

function sayExchange(random: Random, exchange: Exchange, { people }: Cast): Saying[] {
  const asker = random.pick(people);
  const other = people.length > 1 ? random.pick(people.filter((person) => person !== asker)) : asker;
  const slots = { ...drawSlots(random), a: asker.firstName, b: other.firstName };
  const speakerIds = { a: asker.id, b: other.id, m: null };
  return exchange.map(({ part, text }) => ({ speakerId: speakerIds[part], text: fillSlots(text, slots) }));
}
