/** What a list of messages has of authors at a time: two who talk, and a few more. */
const rememberedMax = 4;

/** What the last few objects at one place were written as. */
export class LastWritten {
  readonly #sources: unknown[] = [];
  readonly #written: unknown[] = [];
  readonly #bytes: number[] = [];
  #oldest = 0;

  /** Undefined for what is not among them. */
  writtenFrom(source: unknown): unknown {
    const at = this.#sources.indexOf(source);
    return at === -1 ? undefined : this.#written[at];
  }

  /** The bytes of what one of them was written as. */
  bytesOf(source: unknown): number {
    return this.#bytes[this.#sources.indexOf(source)] ?? 0;
  }

  remember(source: unknown, written: unknown, bytes: number): void {
    this.#sources[this.#oldest] = source;
    this.#bytes[this.#oldest] = bytes;
    this.#written[this.#oldest] = written;
    this.#oldest = (this.#oldest + 1) % rememberedMax;
  }
}
