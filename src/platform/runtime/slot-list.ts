/**
 * An unordered collection for members that come and go thousands of times a second.
 */
// Not a Set: whenever a Set outgrows its table, V8 leaves that table behind, pointing to its former members
// and to the next table. Once one such table is in the old generation, it keeps all that follow alive until a
// full collection.
export class SlotList<Member extends object> {
  readonly #members: (Member | null)[] = [];
  readonly #freeSlots: number[] = [];

  /** Returns the slot, which `remove` takes. */
  add(member: Member): number {
    const slot = this.#freeSlots.pop() ?? this.#members.length;
    this.#members[slot] = member;
    return slot;
  }

  /** To be called once for each slot that `add` returned. */
  remove(slot: number): void {
    this.#members[slot] = null;
    this.#freeSlots.push(slot);
  }

  /** The present members, in no order. */
  members(): Member[] {
    return this.#members.filter((member) => member !== null);
  }
}
