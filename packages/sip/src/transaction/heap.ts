import type { Ms } from '../codec.ts';

/** What a heap orders: by deadline, then by order of arrival. */
export interface HeapItem {
  readonly at: Ms;
  readonly order: number;
  /** Place in the heap, -1 outside; written by the heap only. */
  index: number;
}

/** True when `a` is due before `b`. */
export function isBefore(a: { at: Ms; order: number }, b: { at: Ms; order: number }): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A binary heap whose items know their place, so that any one can be taken out. */
export class Heap<T extends HeapItem> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    item.index = this.#items.length;
    this.#items.push(item);
    this.#up(item);
  }

  /** Takes an item out; does nothing when it is not inside. */
  remove(item: T): void {
    const { index } = item;
    if (index < 0 || this.#items[index] !== item) return;
    item.index = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    last.index = index;
    this.#items[index] = last;
    this.#up(last);
    this.#down(last);
  }

  #up(item: T): void {
    const items = this.#items;
    while (item.index > 0) {
      const parent = items[(item.index - 1) >> 1];
      if (parent === undefined || isBefore(parent, item)) return;
      this.#swap(parent, item);
    }
  }

  #down(item: T): void {
    const items = this.#items;
    for (;;) {
      const left = items[2 * item.index + 1];
      const right = items[2 * item.index + 2];
      const child = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || isBefore(item, child)) return;
      this.#swap(item, child);
    }
  }

  #swap(above: T, below: T): void {
    const { index } = above;
    above.index = below.index;
    below.index = index;
    this.#items[above.index] = above;
    this.#items[below.index] = below;
  }
}

/** A timer of a TimerHeap. */
export interface TimerEntry {
  readonly at: Ms;
}

class Entry implements TimerEntry, HeapItem {
  readonly at: Ms;
  readonly order: number;
  readonly fire: () => void;
  index: number;

  constructor(at: Ms, order: number, fire: () => void) {
    this.at = at;
    this.order = order;
    this.fire = fire;
    this.index = -1;
  }
}

/** Timers with arbitrary deadlines; the real and the virtual clock run on one each. */
export class TimerHeap {
  readonly #heap = new Heap<Entry>();
  #order = 0;

  get size(): number {
    return this.#heap.size;
  }

  /** Plans `fire` for the moment `at`; equal deadlines fire in the order they were added. */
  add(at: Ms, fire: () => void): TimerEntry {
    const entry = new Entry(at, this.#order++, fire);
    this.#heap.add(entry);
    return entry;
  }

  /** Does nothing when it has fired or was cancelled. */
  cancel(entry: TimerEntry): void {
    if (entry instanceof Entry) this.#heap.remove(entry);
  }

  /** Infinity when empty. */
  nextDeadline(): Ms {
    return this.#heap.first?.at ?? Infinity;
  }

  /** Fires everything due at `now`, also what is added meanwhile and due; returns how many. */
  runDue(now: Ms): number {
    let count = 0;
    for (;;) {
      const entry = this.#heap.first;
      if (entry === undefined || entry.at > now) return count;
      this.#heap.remove(entry);
      count++;
      entry.fire();
    }
  }
}
