import { EventEmitter } from 'node:events';
import type { Connection } from 'pg';
import { replaceListeners } from './pg-internals.ts';

/** Receives complete DataRow messages, concatenated, as PostgreSQL sent them. */
export interface DataRowConsumer {
  receiveRows(messages: Buffer): void;
}

const dataRowCode = 68;
/** The code of a message and its length, which includes itself but not the code. */
const headerLength = 5;
const lengthMin = 4;

/**
 * Splits the byte stream of a connection into PostgreSQL's messages (its manual, "Message Formats"): DataRow
 * messages go to the consumer of the running statement, all others, and all while there is no consumer, to
 * pg's parser.
 */
export class DataRowReader {
  /** Set while a statement that decodes its own rows is running. */
  consumer: DataRowConsumer | null = null;
  /** pg's parser listens here instead of to the socket. */
  readonly #parser = new EventEmitter();
  /** The beginning of an incomplete message, and the length from which splitting can continue. */
  #pending: Buffer[] = [];
  #pendingLength = 0;
  #requiredLength = 0;

  /**
   * Reads the stream of a connection in place of pg's parser; to be called before the connection is opened.
   */
  intercept(connection: Connection): void {
    replaceListeners(connection, (socket, attachParser) => {
      attachParser(this.#parser);
      socket.on('data', (chunk: Buffer) => {
        const messages = this.#pendingLength === 0 ? chunk : this.#joinPending(chunk);
        if (messages !== null && !this.#split(messages)) {
          socket.destroy(new Error('Unexpected data: not the PostgreSQL protocol.'));
        }
      });
      socket.on('end', () => this.#parser.emit('end'));
    });
  }

  /** Returns the pending bytes with those of a chunk; null as long as a message is incomplete. */
  #joinPending(chunk: Buffer): Buffer | null {
    this.#pending.push(chunk);
    this.#pendingLength += chunk.length;
    if (this.#pendingLength < this.#requiredLength) return null;
    const joined = Buffer.concat(this.#pending, this.#pendingLength);
    this.#pending = [];
    this.#pendingLength = 0;
    return joined;
  }

  /**
   * Passes on runs of messages of the same kind together; the parser may start the next statement meanwhile.
   * Returns false for data that are not messages.
   */
  #split(chunk: Buffer): boolean {
    let start = 0;
    let at = 0;
    let areRows = false;
    let requiredLength = headerLength;
    while (at + headerLength <= chunk.length) {
      const declaredLength = chunk.readUInt32BE(at + 1);
      if (declaredLength < lengthMin) return false;
      const length = 1 + declaredLength;
      if (at + length > chunk.length) {
        requiredLength = length;
        break;
      }
      const isRow = chunk[at] === dataRowCode && this.consumer !== null;
      if (isRow !== areRows) {
        this.#pass(chunk, start, at, areRows);
        start = at;
        areRows = isRow;
      }
      at += length;
    }
    this.#pass(chunk, start, at, areRows);
    if (at === chunk.length) return true;
    this.#pending.push(at === 0 ? chunk : chunk.subarray(at));
    this.#pendingLength = chunk.length - at;
    this.#requiredLength = requiredLength;
    return true;
  }

  #pass(chunk: Buffer, start: number, end: number, areRows: boolean): void {
    if (start === end) return;
    const messages = start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end);
    if (areRows) this.consumer?.receiveRows(messages);
    else this.#parser.emit('data', messages);
  }
}
