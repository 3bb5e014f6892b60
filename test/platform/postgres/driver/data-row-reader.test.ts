import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { Connection } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { DataRowReader } from '../../../../src/platform/postgres/driver/data-row-reader.ts';

const row = 'D'.charCodeAt(0);

function message(code: number, content: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(code, 0);
  head.writeInt32BE(4 + Buffer.byteLength(content), 1);
  return Buffer.concat([head, Buffer.from(content)]);
}

/** Splits concatenated messages into their codes and contents. */
function messagesIn(pieces: readonly Buffer[]): string[] {
  const all = Buffer.concat(pieces);
  const messages: string[] = [];
  for (let at = 0; at < all.length;) {
    const end = at + 1 + all.readInt32BE(at + 1);
    messages.push(`${String.fromCharCode(all.readUInt8(at))}${all.toString('utf8', at + 5, end)}`);
    at = end;
  }
  return messages;
}

/** A connection that records the data that reach pg's parser. */
class RecordingConnection extends Connection {
  readonly parsed: Buffer[] = [];

  attachListeners(stream: EventEmitter): void {
    stream.on('data', (chunk: Buffer) => this.parsed.push(chunk));
    stream.on('end', () => this.parsed.push(message('.'.charCodeAt(0), 'end')));
  }
}

function open(): { connection: RecordingConnection; reader: DataRowReader; socket: EventEmitter } {
  const connection = new RecordingConnection();
  const reader = new DataRowReader();
  const socket = new EventEmitter();
  reader.intercept(connection);
  connection.attachListeners(socket);
  return { connection, reader, socket };
}

describe('the data row reader', () => {
  it('splits the stream however it is cut: rows go to the consumer, complete other messages to the parser', () => {
    const codes = fc.constantFrom(row, row, row, 'Z'.charCodeAt(0), 'C'.charCodeAt(0), 'N'.charCodeAt(0));
    const messages = fc.array(fc.tuple(codes, fc.string({ unit: 'binary', maxLength: 40 })), {
      minLength: 1,
    });
    const cuts = fc.array(fc.nat({ max: 60 }), { minLength: 1 });
    fc.assert(
      fc.property(messages, cuts, (sent, lengths) => {
        const { connection, reader, socket } = open();
        const received: Buffer[] = [];
        reader.consumer = { receiveRows: (rows) => void received.push(rows) };
        const all = Buffer.concat(sent.map(([code, content]) => message(code, content)));
        for (let at = 0, turn = 0; at < all.length; turn += 1) {
          const length = Math.max(1, lengths[turn % lengths.length] ?? 1);
          // A copy, so that the bytes behind the piece cannot be read.
          socket.emit('data', Buffer.from(all.subarray(at, at + length)));
          at += length;
        }

        const expected = messagesIn([all]);
        expect(received.flatMap((piece) => messagesIn([piece]))).toEqual(
          expected.filter((each) => each.startsWith('D')),
        );
        expect(connection.parsed.flatMap((piece) => messagesIn([piece]))).toEqual(
          expected.filter((each) => !each.startsWith('D')),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('passes everything to the parser while there is no consumer, and the end always', () => {
    const { connection, reader, socket } = open();
    socket.emit('data', message(row, 'first'));
    reader.consumer = { receiveRows: () => undefined };
    socket.emit('data', message(row, 'second'));
    reader.consumer = null;
    socket.emit('data', message(row, 'third'));
    socket.emit('end');

    expect(messagesIn(connection.parsed)).toEqual(['Dfirst', 'Dthird', '.end']);
  });

  it('passes rows to the consumer of the next statement when they arrive with the end of the previous one', () => {
    const { connection, reader, socket } = open();
    const received: string[] = [];
    const consumerNamed = (name: string) => ({
      receiveRows: (rows: Buffer) =>
        void received.push(...messagesIn([rows]).map((each) => `${name} ${each}`)),
    });
    const { parsed } = connection;
    reader.consumer = consumerNamed('first');
    const push = parsed.push.bind(parsed);
    parsed.push = (...chunks) => {
      reader.consumer = consumerNamed('second');
      return push(...chunks);
    };
    socket.emit(
      'data',
      Buffer.concat([message(row, '1'), message('Z'.charCodeAt(0), 'I'), message(row, '2')]),
    );

    expect(received).toEqual(['first D1', 'second D2']);
  });

  it.each([
    ['shorter than its own length', [0x52, 0, 0, 0, 3]],
    ['of no length', [0x44, 0, 0, 0, 0, 0x44, 0, 0, 0, 0]],
  ])('destroys the connection when a message is %s', (_name, bytes) => {
    const { reader, socket } = open();
    const destroyed: unknown[] = [];
    Reflect.set(socket, 'destroy', (error: unknown) => destroyed.push(error));
    reader.consumer = { receiveRows: () => undefined };
    socket.emit('data', Buffer.from(bytes));

    expect(destroyed).toEqual([expect.any(Error)]);
  });

  it('waits for the rest of a message of any length, as pg does', () => {
    const { connection, socket } = open();
    socket.emit('data', Buffer.from([0xef, 0xbb, 0xbf, 0x48, 0x54, 0x54]));
    socket.emit('data', Buffer.from('P/1.1 200 OK'));

    expect(connection.parsed).toEqual([]);
  });

  it('joins the pieces of a message once, however many there are', () => {
    const { connection, socket } = open();
    const large = message(row, 'x'.repeat(10_000));
    const concat = vi.spyOn(Buffer, 'concat');
    for (let at = 0; at < large.length; at += 100) socket.emit('data', large.subarray(at, at + 100));

    expect(concat).toHaveBeenCalledTimes(1);
    concat.mockRestore();
    expect(messagesIn(connection.parsed)).toEqual([`D${'x'.repeat(10_000)}`]);
  });
});
