import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { Connection } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { divertRows, giveRowsTo } from '../../../../src/platform/postgres/driver/data-row-reader.ts';

const row = 'D'.charCodeAt(0);

function message(code: number, content: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(code, 0);
  head.writeInt32BE(4 + Buffer.byteLength(content), 1);
  return Buffer.concat([head, Buffer.from(content)]);
}

/** The messages of a text of them, as codes with contents. */
function told(pieces: readonly Buffer[]): string[] {
  const all = Buffer.concat(pieces);
  const messages: string[] = [];
  for (let at = 0; at < all.length;) {
    const end = at + 1 + all.readInt32BE(at + 1);
    messages.push(`${String.fromCharCode(all.readUInt8(at))}${all.toString('utf8', at + 5, end)}`);
    at = end;
  }
  return messages;
}

/** A connection of which is known what its driver hears. */
class HeardConnection extends Connection {
  readonly heard: Buffer[] = [];

  attachListeners(stream: EventEmitter): void {
    stream.on('data', (chunk: Buffer) => this.heard.push(chunk));
    stream.on('end', () => this.heard.push(message('.'.charCodeAt(0), 'end')));
  }
}

function open(): { connection: HeardConnection; socket: EventEmitter } {
  const connection = new HeardConnection();
  const socket = new EventEmitter();
  divertRows(connection);
  connection.attachListeners(socket);
  return { connection, socket };
}

describe('what PostgreSQL sends', () => {
  it('is told apart however it is cut: rows are taken, all else is heard by the driver, in whole messages', () => {
    const codes = fc.constantFrom(row, row, row, 'Z'.charCodeAt(0), 'C'.charCodeAt(0), 'N'.charCodeAt(0));
    const messages = fc.array(fc.tuple(codes, fc.string({ unit: 'binary', maxLength: 40 })), {
      minLength: 1,
    });
    const cuts = fc.array(fc.nat({ max: 60 }), { minLength: 1 });
    fc.assert(
      fc.property(messages, cuts, (sent, lengths) => {
        const { connection, socket } = open();
        const taken: Buffer[] = [];
        giveRowsTo(connection, { takeRows: (rows) => taken.push(rows) });
        const all = Buffer.concat(sent.map(([code, content]) => message(code, content)));
        for (let at = 0, turn = 0; at < all.length; turn += 1) {
          const length = Math.max(1, lengths[turn % lengths.length] ?? 1);
          // A copy, so that nobody can look beyond it.
          socket.emit('data', Buffer.from(all.subarray(at, at + length)));
          at += length;
        }

        const expected = told([all]);
        expect(taken.flatMap((piece) => told([piece]))).toEqual(
          expected.filter((each) => each.startsWith('D')),
        );
        expect(connection.heard.flatMap((piece) => told([piece]))).toEqual(
          expected.filter((each) => !each.startsWith('D')),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('is heard by the driver altogether while nobody takes rows, and its end always', () => {
    const { connection, socket } = open();
    socket.emit('data', message(row, 'first'));
    giveRowsTo(connection, { takeRows: () => undefined });
    socket.emit('data', message(row, 'second'));
    giveRowsTo(connection, null);
    socket.emit('data', message(row, 'third'));
    socket.emit('end');

    expect(told(connection.heard)).toEqual(['Dfirst', 'Dthird', '.end']);
  });

  it('that answers the next statement is given to who sent it, though it comes with the end of the last one', () => {
    const { connection, socket } = open();
    const taken: string[] = [];
    const takerFor = (name: string) => ({
      takeRows: (rows: Buffer) => void taken.push(...told([rows]).map((each) => `${name} ${each}`)),
    });
    const answer = connection.heard;
    giveRowsTo(connection, takerFor('first'));
    const push = answer.push.bind(answer);
    answer.push = (...chunks) => {
      giveRowsTo(connection, takerFor('second'));
      return push(...chunks);
    };
    socket.emit(
      'data',
      Buffer.concat([message(row, '1'), message('Z'.charCodeAt(0), 'I'), message(row, '2')]),
    );

    expect(taken).toEqual(['first D1', 'second D2']);
  });

  it.each([
    ['shorter than its own length', [0x52, 0, 0, 0, 3]],
    ['of no length', [0x44, 0, 0, 0, 0, 0x44, 0, 0, 0, 0]],
  ])('ends the connection when a message is %s', (_name, bytes) => {
    const { connection, socket } = open();
    const destroyed: unknown[] = [];
    Reflect.set(socket, 'destroy', (error: unknown) => destroyed.push(error));
    giveRowsTo(connection, { takeRows: () => undefined });
    socket.emit('data', Buffer.from(bytes));

    expect(destroyed).toEqual([expect.any(Error)]);
  });

  it('waits for a message of whatever length, as the driver does', () => {
    const { connection, socket } = open();
    socket.emit('data', Buffer.from([0xef, 0xbb, 0xbf, 0x48, 0x54, 0x54]));
    socket.emit('data', Buffer.from('P/1.1 200 OK'));

    expect(connection.heard).toEqual([]);
  });

  it('is put together once, of however many pieces a message is', () => {
    const { connection, socket } = open();
    const large = message(row, 'x'.repeat(10_000));
    const concat = vi.spyOn(Buffer, 'concat');
    for (let at = 0; at < large.length; at += 100) socket.emit('data', large.subarray(at, at + 100));

    expect(concat).toHaveBeenCalledTimes(1);
    concat.mockRestore();
    expect(told(connection.heard)).toEqual([`D${'x'.repeat(10_000)}`]);
  });

  it('cannot be taken from a connection whose rows were not diverted when it was opened', () => {
    expect(() => giveRowsTo(new Connection(), null)).toThrow('go to the driver');
  });
});
