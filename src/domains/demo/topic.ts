/** A topic of conversations; its texts have `{slots}` for the parts that vary. */
export interface Topic {
  readonly titles: readonly string[];
  /** The system prompt of a model. */
  readonly system: string;
  /**
   * Exchanges, separated by blank lines. A line is a message of the person with a question (`a:`), of another
   * person (`b:`) or of a model (`m:`), or continues the message above on a new line (`|`).
   */
  readonly dialogue: string;
}
