/** Something that people talk about, as texts in which `{slots}` stand for what differs each time. */
export interface Topic {
  readonly titles: readonly string[];
  /** What a model is told at the beginning. */
  readonly system: string;
  /**
   * Exchanges with a blank line between them. A line is a message: `a:` asks, `b:` is somebody else, `m:` a
   * model; `|` goes on with the message above, on a new line.
   */
  readonly dialogue: string;
}
