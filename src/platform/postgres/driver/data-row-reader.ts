import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Connection } from 'pg';

/** Takes whole DataRow messages, one behind the other, as PostgreSQL sent them. */
export interface RowTaker {
  takeRows(messages: Buffer): void;
}

const codeOfRow = 68;
/** A message's code and its length, which counts itself but not the code. */
const headerLength = 5;
const lengthMin = 4;

const framesByConnection = new WeakMap<Connection, RowFrames>();

/**
 * Keeps rows from the driver while somebody takes them: it would make an object of each row and a text of each value the moment
 * they come, which then lie about until the last one is there. To be called before the connection is opened.
 */
export function divertRows(connection: Connection): void {
  const attach: unknown = Reflect.get(connection, 'attachListeners');
  if (typeof attach !== 'function') throw new TypeError('This driver hears its connections in another way.');
  const frames = new RowFrames();
  framesByConnection.set(connection, frames);
  Reflect.set(connection, 'attachListeners', (stream: Duplex) => {
    Reflect.apply(attach, connection, [frames.driver]);
    stream.on('data', (chunk: Buffer) => {
      if (!frames.read(chunk)) stream.destroy(new Error('What answers does not speak as PostgreSQL does.'));
    });
    stream.on('end', () => frames.driver.emit('end'));
  });
}

/** Lets the rows that come from now on be taken by somebody; by the driver when that is null. */
export function giveRowsTo(connection: Connection, taker: RowTaker | null): void {
  const frames = framesByConnection.get(connection);
  if (frames === undefined) throw new Error('The rows of this connection go to the driver.');
  frames.taker = taker;
}

/** Tells the messages of PostgreSQL's protocol apart, as its manual has them in "Message Formats". */
class RowFrames {
  /** Where the driver listens, in the place of the socket. */
  readonly driver = new EventEmitter();
  taker: RowTaker | null = null;
  /** What there is of a message that is not whole, and how much there must be to go on. */
  #begun: Buffer[] = [];
  #begunLength = 0;
  #wantedLength = 0;

  /** False for what are no messages. */
  read(chunk: Buffer): boolean {
    if (this.#begunLength === 0) return this.#split(chunk);
    this.#begun.push(chunk);
    this.#begunLength += chunk.length;
    if (this.#begunLength < this.#wantedLength) return true;
    const joined = Buffer.concat(this.#begun, this.#begunLength);
    this.#begun = [];
    this.#begunLength = 0;
    return this.#split(joined);
  }

  /** Messages of one kind are handed over together. The next statement may be sent while they are read. */
  #split(chunk: Buffer): boolean {
    let start = 0;
    let at = 0;
    let areRows = false;
    let wantedLength = headerLength;
    while (at + headerLength <= chunk.length) {
      const told = chunk.readUInt32BE(at + 1);
      if (told < lengthMin) return false;
      const length = 1 + told;
      if (at + length > chunk.length) {
        wantedLength = length;
        break;
      }
      const isRow = chunk[at] === codeOfRow && this.taker !== null;
      if (isRow !== areRows) {
        this.#handOver(chunk, start, at, areRows);
        start = at;
        areRows = isRow;
      }
      at += length;
    }
    this.#handOver(chunk, start, at, areRows);
    if (at === chunk.length) return true;
    this.#begun.push(at === 0 ? chunk : chunk.subarray(at));
    this.#begunLength = chunk.length - at;
    this.#wantedLength = wantedLength;
    return true;
  }

  #handOver(chunk: Buffer, start: number, end: number, areRows: boolean): void {
    if (start === end) return;
    const messages = start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end);
    if (areRows) this.taker?.takeRows(messages);
    else this.driver.emit('data', messages);
  }
}
