interface Link<Member> {
  readonly member: Member;
  next: Link<Member> | null;
}

/** A first-in, first-out list: unlike `Array.shift`, taking a member takes constant time. */
export class Fifo<Member> {
  #first: Link<Member> | null = null;
  #last: Link<Member> | null = null;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds a member at the end. */
  push(member: Member): void {
    const link: Link<Member> = { member, next: null };
    if (this.#last === null) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.#length += 1;
  }

  /** Removes and returns the first member. */
  shift(): Member | undefined {
    const first = this.#first;
    if (first === null) return undefined;
    this.#first = first.next;
    if (first.next === null) this.#last = null;
    this.#length -= 1;
    return first.member;
  }

  /** Yields the members in order. */
  *[Symbol.iterator](): Generator<Member> {
    for (let link = this.#first; link !== null; link = link.next) yield link.member;
  }
}
