import type { Line } from './lines.ts';
import type { ImportedConversation, LineFault } from './model.ts';
import { parseConversation, type ParsedLine } from './parse-conversation.ts';

/** A conversation and its line number. */
export interface Entry {
  readonly line: number;
  readonly conversation: ImportedConversation;
}

/** The conversations of one transaction; `linesRefused` counts the rejected lines between them. */
export interface Batch {
  readonly entries: readonly Entry[];
  readonly linesRefused: number;
}

// A transaction of this size takes a fraction of a second and a few megabytes.
const conversationsMax = 500;
const messagesMax = 5000;
const charactersMax = 4_000_000;

/** Groups lines into transactions; invalid lines are reported and left out, blank lines are skipped. */
export async function* readBatches(
  lines: AsyncIterable<Line>,
  onFault: (fault: LineFault) => void,
): AsyncGenerator<Batch> {
  let open = new OpenBatch();
  for await (const line of lines) {
    if (line.text?.trim() === '') continue;
    const { conversation, fault } = parse(line);
    if (conversation === null) {
      onFault({ line: line.number, reason: fault });
      open.linesRefused += 1;
    } else {
      open.add({ line: line.number, conversation }, line.text?.length ?? 0);
    }
    if (open.isFull) {
      yield open;
      open = new OpenBatch();
    }
  }
  if (!open.isEmpty) yield open;
}

class OpenBatch implements Batch {
  readonly entries: Entry[] = [];
  linesRefused = 0;
  #messages = 0;
  #characters = 0;

  get isEmpty(): boolean {
    return this.entries.length === 0 && this.linesRefused === 0;
  }

  get isFull(): boolean {
    return (
      this.entries.length >= conversationsMax ||
      this.#messages >= messagesMax ||
      this.#characters >= charactersMax
    );
  }

  add(entry: Entry, characters: number): void {
    this.entries.push(entry);
    this.#messages += entry.conversation.messages.length;
    this.#characters += characters;
  }
}

function parse(line: Line): ParsedLine {
  return line.fault === null ? parseConversation(line.text) : { conversation: null, fault: line.fault };
}
