/**
 * Carries hints between processes: names of topics that have moved. Hints may be lost, repeated or late; they
 * only make events fast.
 */
export interface HintBus {
  /**
   * Starts listening. `onHint` receives the hints of other processes, `onGap` is called if some may be lost.
   */
  start(listener: HintListener): void;
  /** Publishes soon, together with others; never throws. */
  publish(topic: string): void;
  stop(): Promise<void>;
}

/** The receiver of hints. */
export interface HintListener {
  readonly onHint: (topic: string) => void;
  readonly onGap: () => void;
}
