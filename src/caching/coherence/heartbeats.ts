import { presentMoment, type LeaseTimes, type Moment } from './lease.ts';
import type { NotifyConnection } from './notify-connection.ts';
import { channelOf, commonChannel, type CoherenceMessage, type Notification } from './coherence-message.ts';
import { Round, type BarrierOutcome } from './heartbeat-round.ts';

/** Who speaks on which connection. */
export interface HeartbeatsOptions {
  readonly connection: NotifyConnection;
  readonly processId: string;
  readonly times: LeaseTimes;
  /** Everything that was committed before that moment has been heard. */
  readonly onHeard: (sentAt: Moment) => void;
  /** Never the same number twice in the life of the process, and always a higher one. */
  readonly nextNumber: () => number;
  readonly onEpoch: (epoch: number) => void;
  /** Where shared stores hold nothing that has ended, if this process has heard everything since it joined; else null. */
  readonly confirmClean: () => Promise<readonly string[] | null>;
}

/**
 * What a process says on one connection: that it is alive, that it wants to know whether all have heard, and that it has
 * heard. All that is due goes into one statement, and while that is under way the next gathers.
 */
export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  /** Sent and not yet over, by number. */
  readonly #sent = new Map<number, Round>();
  /** Wanted by those who came after the last one was sent: what they have committed lies before it. */
  #wanted: { readonly round: Promise<Round>; send(round: Round): void; isJoining: boolean } | null = null;
  readonly #queued: Notification[] = [];
  #heardLast: number | null = null;
  #isBeatDue = false;
  #isSending = false;
  #isOver = false;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  /** Renews the lease, as soon as it is heard. */
  beat(): void {
    this.#isBeatDue = true;
    this.#flush();
  }

  /** How it went to let all others hear what was committed before the call. */
  async pass(): Promise<BarrierOutcome> {
    const round = await this.#want(false);
    return await round.outcome;
  }

  /** The places for which somebody vouches; null once all who could may no longer do so. */
  async findCleanKeySpaces(): Promise<readonly string[] | null> {
    const round = await this.#want(true);
    return await round.cleanKeySpaces;
  }

  /** To be called with everything that is heard on the connection, at once. */
  hear(message: CoherenceMessage): void {
    if ('round' in message) this.#hearRound(message.round);
    else if ('barrier' in message && 'from' in message) this.#hearBarrier(message);
    else if ('heard' in message) this.#everySent(message.heard, (round) => round.heardBy(message.by));
    else if ('vouched' in message)
      this.#sent.get(message.barrier)?.reportedCleanBy(message.by, message.vouched);
    else if ('left' in message) this.#everySent(Infinity, (round) => this.#forget(round, message.left));
  }

  /** The connection is gone. */
  end(): void {
    this.#isOver = true;
    this.#everySent(Infinity, (round) => round.abandon());
    this.#sent.clear();
    this.#wanted?.send(abandonedRound());
  }

  async #want(isJoining: boolean): Promise<Round> {
    if (this.#isOver) return abandonedRound();
    if (this.#wanted === null) {
      let send: (round: Round) => void = () => {};
      const round = new Promise<Round>((resolve) => (send = resolve));
      this.#wanted = { round, send: (sent) => send(sent), isJoining };
    }
    this.#wanted.isJoining ||= isJoining;
    const { round } = this.#wanted;
    this.#flush();
    return await round;
  }

  #flush(): void {
    if (this.#isOver || this.#isSending) return;
    if (!this.#isBeatDue && this.#wanted === null && this.#queued.length === 0) return;
    this.#isSending = true;
    void this.#send().finally(() => {
      this.#isSending = false;
      this.#flush();
    });
  }

  async #send(): Promise<void> {
    const { connection, processId, times, nextNumber, onEpoch } = this.#options;
    // Before it is sent: a lease runs from the moment up to which everything has been heard.
    const round = new Round(nextNumber(), presentMoment());
    const wanted = this.#wanted;
    const { number } = round;
    const call: Notification =
      wanted === null
        ? { channel: channelOf(processId), message: { round: number } }
        : {
            channel: commonChannel,
            message: { barrier: number, from: processId, isJoining: wanted.isJoining },
          };
    this.#wanted = null;
    this.#isBeatDue = false;
    this.#sent.set(number, round);
    wanted?.send(round);
    void Promise.all([round.outcome, wanted?.isJoining === true ? round.cleanKeySpaces : null]).then(() =>
      this.#sent.delete(number),
    );
    try {
      const spoken = await connection.send([call, ...this.#queued.splice(0)]);
      onEpoch(spoken.epoch);
      // Nobody else answers to a heartbeat.
      round.spoken(wanted === null ? [] : spoken.peers, times.leaseMs + times.marginMs);
    } catch (error) {
      connection.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #hearRound(number: number): void {
    const round = this.#sent.get(number);
    if (round === undefined) return;
    // Every round comes back, in the order in which they were sent: what lies between two of them has come too.
    if (this.#heardLast !== null && number !== this.#heardLast + 1) {
      this.#options.connection.fail(new Error('The connection has lost notifications.'));
      return;
    }
    this.#heardLast = number;
    this.#options.onHeard(round.sentAt);
    round.heard();
  }

  #hearBarrier({ barrier, from, isJoining }: Extract<CoherenceMessage, { from: string }>): void {
    const { processId, confirmClean } = this.#options;
    if (from === processId) return this.#hearRound(barrier);
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
    round.heardBy(processId);
    round.reportedCleanBy(processId, null);
  }

  /** Whoever has heard one barrier has heard all before it. */
  #everySent(upTo: number, tell: (round: Round) => void): void {
    for (const round of this.#sent.values()) if (round.number <= upTo) tell(round);
  }
}

function abandonedRound(): Round {
  const round = new Round(0, presentMoment());
  round.abandon();
  return round;
}
