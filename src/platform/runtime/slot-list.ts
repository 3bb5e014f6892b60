/**
 * Those who come and go by the thousands a second. A Set would do, but for V8: whenever a Set outgrows its table it leaves that
 * behind, pointing to those who were in it and to the next table; once one such table is old, it keeps all that follow
 * alive, with whatever their members lead to, until the whole heap is gone through.
 */
export class Places<Member extends object> {
  readonly #members: (Member | null)[] = [];
  readonly #free: number[] = [];

  /** Answers the place that `leave` needs to know. */
  take(member: Member): number {
    const place = this.#free.pop() ?? this.#members.length;
    this.#members[place] = member;
    return place;
  }

  /** Once for each place that was taken. */
  leave(place: number): void {
    this.#members[place] = null;
    this.#free.push(place);
  }

  /** Those who are here, in no order. */
  members(): Member[] {
    return this.#members.filter((member) => member !== null);
  }
}
