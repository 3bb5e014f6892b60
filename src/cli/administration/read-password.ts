import { createInterface } from 'node:readline/promises';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** The streams of a terminal or a pipe. */
export interface PasswordStreams {
  readonly input: Readable & { readonly isTTY?: boolean };
  /** For the questions; standard output has results only. */
  readonly output: Writable;
}

/**
 * Reads a password: from the pipe with `isFromInput`, else from a terminal, twice and without echo; null if
 * there is neither.
 * @throws Error for an empty pipe, and when the two entries differ
 */
export async function readPassword(streams: PasswordStreams, isFromInput: boolean): Promise<string | null> {
  if (isFromInput) return readPiped(streams.input);
  if (streams.input.isTTY !== true) return null;
  const [first, second] = await askTwice(streams);
  if (first !== second) throw new Error('The passwords differ.');
  return first;
}

async function readPiped(input: Readable): Promise<string> {
  const password = (await text(input)).replace(/\r?\n$/, '');
  if (password === '') throw new Error('Standard input has no password.');
  return password;
}

async function askTwice({ input, output }: PasswordStreams): Promise<[string, string]> {
  // readline echoes to its output, which is therefore a stream that nothing reads.
  const silent = new PassThrough();
  silent.resume();
  const lines = createInterface({ input, output: silent, terminal: true });
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    output.write('Password: ');
    const first = await lines.question('');
    output.write('\nAgain: ');
    const second = await lines.question('');
    output.write('\n');
    return [first, second];
  } finally {
    lines.close();
  }
}
