import { presentMoment, type LeaseTimes, type Moment } from './lease.ts';
import type { NotifyConnection } from './notify-connection.ts';
import { channelOf, commonChannel, type CoherenceMessage, type Notification } from './coherence-message.ts';
import type { Epoch } from './epoch.ts';
import { Round, type BarrierOutcome } from './heartbeat-round.ts';

/** Options of the heartbeats on one connection. */
export interface HeartbeatsOptions {
  readonly connection: NotifyConnection;
  readonly processId: string;
  readonly times: LeaseTimes;
  /** Called when everything committed before that moment has been received. */
  readonly onReceived: (sentAt: Moment) => void;
  /** Returns a higher number at each call, unique within the process. */
  readonly nextNumber: () => number;
  readonly onEpoch: (epoch: Epoch) => void;
  /**
   * Returns the key spaces without invalidated entries; null if this process may have missed an invalidation.
   */
  readonly confirmClean: () => Promise<readonly string[] | null>;
}

/**
 * The messages of a process on one connection: heartbeats, barriers and acknowledgements. All due messages go
 * into one statement; further ones are queued while it runs.
 */
export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  /** Rounds without a result, by number. */
  readonly #sent = new Map<number, Round>();
  /** The round for callers that came after the last one was sent, so that their commits lie before it. */
  #next: { readonly round: Promise<Round>; send(round: Round): void; isJoining: boolean } | null = null;
  readonly #queued: Notification[] = [];
  #lastReceived: number | null = null;
  #isBeatDue = false;
  #isSending = false;
  #isOver = false;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  /** Renews the lease as soon as the heartbeat is received. */
  beat(): void {
    this.#isBeatDue = true;
    this.#flush();
  }

  /** Waits until all processes have received everything committed before the call. */
  async passBarrier(): Promise<BarrierOutcome> {
    const round = await this.#requestRound(false);
    return await round.outcome;
  }

  /** The key spaces that another process confirms as clean; null once no process can. */
  async findCleanKeySpaces(): Promise<readonly string[] | null> {
    const round = await this.#requestRound(true);
    return await round.cleanKeySpaces;
  }

  /** To be called synchronously with every message of the connection. */
  receive(message: CoherenceMessage): void {
    if ('round' in message) this.#receiveRound(message.round);
    else if ('barrier' in message && 'from' in message) this.#receiveBarrier(message);
    else if ('heard' in message)
      this.#forEachSent(message.heard, (round) => round.acknowledgedBy(message.by));
    else if ('vouched' in message)
      this.#sent.get(message.barrier)?.reportedCleanBy(message.by, message.vouched);
    else if ('left' in message) this.#forEachSent(Infinity, (round) => this.#forget(round, message.left));
  }

  /** Ends all rounds, because the connection is lost. */
  end(): void {
    this.#isOver = true;
    this.#forEachSent(Infinity, (round) => round.lose());
    this.#sent.clear();
    this.#next?.send(lostRound());
  }

  async #requestRound(isJoining: boolean): Promise<Round> {
    if (this.#isOver) return lostRound();
    if (this.#next === null) {
      let send: (round: Round) => void = () => {};
      const round = new Promise<Round>((resolve) => (send = resolve));
      this.#next = { round, send: (sent) => send(sent), isJoining };
    }
    this.#next.isJoining ||= isJoining;
    const { round } = this.#next;
    this.#flush();
    return await round;
  }

  #flush(): void {
    if (this.#isOver || this.#isSending) return;
    if (!this.#isBeatDue && this.#next === null && this.#queued.length === 0) return;
    this.#isSending = true;
    void this.#send().finally(() => {
      this.#isSending = false;
      this.#flush();
    });
  }

  async #send(): Promise<void> {
    const { connection, processId, times, nextNumber, onEpoch } = this.#options;
    // Taken before sending: a lease runs from the moment up to which everything was received.
    const round = new Round(nextNumber(), presentMoment());
    const requested = this.#next;
    const { number } = round;
    const call: Notification =
      requested === null
        ? { channel: channelOf(processId), message: { round: number } }
        : {
            channel: commonChannel,
            message: { barrier: number, from: processId, isJoining: requested.isJoining },
          };
    this.#next = null;
    this.#isBeatDue = false;
    this.#sent.set(number, round);
    requested?.send(round);
    void Promise.all([round.outcome, requested?.isJoining === true ? round.cleanKeySpaces : null]).then(() =>
      this.#sent.delete(number),
    );
    try {
      const result = await connection.send([call, ...this.#queued.splice(0)]);
      onEpoch(result.epoch);
      // A heartbeat is answered by no other process.
      round.committed(requested === null ? [] : result.peers, times.leaseMs + times.marginMs);
    } catch (error) {
      connection.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #receiveRound(number: number): void {
    const round = this.#sent.get(number);
    if (round === undefined) return;
    // Rounds arrive in the order in which they were sent; a gap means that notifications between them are
    // lost too.
    if (this.#lastReceived !== null && number !== this.#lastReceived + 1) {
      this.#options.connection.fail(new Error('The connection has lost notifications.'));
      return;
    }
    this.#lastReceived = number;
    this.#options.onReceived(round.sentAt);
    round.received();
  }

  #receiveBarrier({ barrier, from, isJoining }: Extract<CoherenceMessage, { from: string }>): void {
    const { processId, confirmClean } = this.#options;
    if (from === processId) return this.#receiveRound(barrier);
    const channel = channelOf(from);
    this.#answer({ channel, message: { heard: barrier, by: processId } });
    if (!isJoining) return;
    void confirmClean().then((vouched) =>
      this.#answer({ channel, message: { vouched, barrier, by: processId } }),
    );
  }

  #answer(notification: Notification): void {
    this.#queued.push(notification);
    this.#flush();
  }

  #forget(round: Round, processId: string): void {
    round.acknowledgedBy(processId);
    round.reportedCleanBy(processId, null);
  }

  /** An acknowledgement of one barrier applies to all earlier ones. */
  #forEachSent(upTo: number, tell: (round: Round) => void): void {
    for (const round of this.#sent.values()) if (round.number <= upTo) tell(round);
  }
}

function lostRound(): Round {
  const round = new Round(0, presentMoment());
  round.lose();
  return round;
}
