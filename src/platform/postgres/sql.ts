/**
 * A statement, or a part of one, with its values: what the tag `sql` makes.
 *
 * A part is known by its template, of which there is one for each place in the code. So the text of a
 * statement that was made of the same parts before is found by way of them, the same text each time, and not
 * put together anew.
 */
export class Sql {
  readonly parts: readonly string[];
  /** What stands between the parts: values, and further statements. */
  readonly between: readonly unknown[];
  flat: FlatStatement | null = null;

  constructor(parts: readonly string[], between: readonly unknown[]) {
    this.parts = parts;
    this.between = between;
  }

  /** With the placeholders $1, $2 … for the values. */
  get text(): string {
    return (this.flat ??= texts.flatten(this)).text;
  }

  get values(): unknown[] {
    return (this.flat ??= texts.flatten(this)).values;
  }
}

/**
 * Tag of a template whose values are sent beside the text, never within it, unless they are such templates
 * themselves.
 */
export default function sql(parts: TemplateStringsArray, ...between: readonly unknown[]): Sql {
  return new Sql(parts, between);
}

/** A text as it is. Never a caller's. */
export function raw(text: string): Sql {
  let parts = rawParts.get(text);
  if (parts === undefined) {
    if (rawParts.size >= rawPartsMax) rawParts.clear();
    parts = [text];
    rawParts.set(text, parts);
  }
  return new Sql(parts, []);
}

/** No text at all. */
export const empty = new Sql([''], []);

/** Values, or statements, one behind the other. @throws TypeError for none, which no statement could mean */
export function join(between: readonly unknown[], separator = ','): Sql {
  if (between.length === 0) throw new TypeError('Nothing was given to be joined.');
  return new Sql(separators(separator, between.length), between);
}

/** A statement as it is sent. */
interface FlatStatement {
  readonly text: string;
  readonly values: unknown[];
}

/** Where the parts that were met so far lead. Most are followed by the same part each time. */
interface Crossing {
  text: string | null;
  lastPart: unknown;
  last: Crossing | null;
  ways: Map<unknown, Crossing> | null;
}

/** Some thousand statements; beyond, their texts are put together anew. */
const crossingsMax = 50_000;
const rawPartsMax = 1000;

/** In the place of every value on the way to a text. */
const value = Symbol('value');

/** The texts of statements by their parts. */
class Texts {
  #start = newCrossing();
  #crossings = 0;

  flatten(statement: Sql): FlatStatement {
    if (this.#crossings > crossingsMax) {
      this.#start = newCrossing();
      this.#crossings = 0;
    }
    const values: unknown[] = [];
    const end = this.#walk(statement, values, this.#start);
    end.text ??= textOf(statement);
    return { text: end.text, values };
  }

  #walk({ parts, between }: Sql, values: unknown[], from: Crossing): Crossing {
    let at = this.#next(from, parts);
    for (let index = 0; index < between.length; index += 1) {
      const each = between[index];
      if (each instanceof Sql) {
        at = this.#walk(each, values, at);
      } else {
        values.push(each);
        at = this.#next(at, value);
      }
    }
    return at;
  }

  #next(from: Crossing, part: unknown): Crossing {
    if (from.lastPart === part && from.last !== null) return from.last;
    from.ways ??= new Map();
    let to = from.ways.get(part);
    if (to === undefined) {
      to = newCrossing();
      this.#crossings += 1;
      from.ways.set(part, to);
    }
    from.lastPart = part;
    from.last = to;
    return to;
  }
}

/** What is known of the code's own texts; nothing of a caller's is in it. */
const texts = new Texts();
const rawParts = new Map<string, readonly string[]>();
const separatorsByText = new Map<string, (readonly string[])[]>();

function newCrossing(): Crossing {
  return { text: null, lastPart: null, last: null, ways: null };
}

function textOf(statement: Sql): string {
  let count = 0;
  const write = ({ parts, between }: Sql): string => {
    let text = parts[0] ?? '';
    for (const [index, each] of between.entries()) {
      count += each instanceof Sql ? 0 : 1;
      text += `${each instanceof Sql ? write(each) : `$${count}`}${parts[index + 1]}`;
    }
    return text;
  };
  return write(statement);
}

/** The same parts each time for what is joined alike. */
function separators(separator: string, count: number): readonly string[] {
  const byCount = separatorsByText.get(separator) ?? [];
  separatorsByText.set(separator, byCount);
  return (byCount[count] ??= ['', ...Array<string>(count - 1).fill(separator), '']);
}
