import type { Ms } from '../codec.ts';
import { Heap, isBefore, type HeapItem } from './heap.ts';

/** An armed timer: of whom and what kind. */
export class LaneTimer<Owner, Kind> implements HeapItem {
  readonly at: Ms;
  readonly order: number;
  readonly owner: Owner;
  readonly kind: Kind;
  index: number;
  /** The lane it stands in; undefined in the heap, when fired and when cancelled. @internal */
  lane: Lane<Owner, Kind> | undefined;
  previous: LaneTimer<Owner, Kind> | undefined;
  next: LaneTimer<Owner, Kind> | undefined;

  constructor(at: Ms, order: number, owner: Owner, kind: Kind) {
    this.at = at;
    this.order = order;
    this.owner = owner;
    this.kind = kind;
    this.index = -1;
    this.lane = undefined;
    this.previous = undefined;
    this.next = undefined;
  }
}

class Lane<Owner, Kind> {
  head: LaneTimer<Owner, Kind> | undefined = undefined;
  tail: LaneTimer<Owner, Kind> | undefined = undefined;

  push(timer: LaneTimer<Owner, Kind>): void {
    timer.lane = this;
    timer.previous = this.tail;
    if (this.tail === undefined) this.head = timer;
    else this.tail.next = timer;
    this.tail = timer;
  }

  remove(timer: LaneTimer<Owner, Kind>): void {
    if (timer.previous === undefined) this.head = timer.next;
    else timer.previous.next = timer.next;
    if (timer.next === undefined) this.tail = timer.previous;
    else timer.next.previous = timer.previous;
    timer.lane = timer.previous = timer.next = undefined;
  }
}

const MAX_LANES = 24; // SIP uses about a dozen durations; more go to the heap

/**
 * Timers grouped by duration: a FIFO per duration is always in deadline order, so arming and cancelling cost O(1).
 * `advance` merges the heads, so that timers fire in deadline order across lanes.
 */
export class Lanes<Owner, Kind> {
  readonly #fire: (owner: Owner, kind: Kind, now: Ms) => void;
  readonly #byDelay = new Map<Ms, Lane<Owner, Kind>>();
  readonly #lanes: Lane<Owner, Kind>[] = [];
  readonly #odd = new Heap<LaneTimer<Owner, Kind>>();
  #order = 0;
  #size = 0;

  constructor(fire: (owner: Owner, kind: Kind, now: Ms) => void) {
    this.#fire = fire;
  }

  /** Timers armed. */
  get size(): number {
    return this.#size;
  }

  /** Fires `kind` for `owner` at `now + delay`. */
  arm(delay: Ms, owner: Owner, kind: Kind, now: Ms): LaneTimer<Owner, Kind> {
    let lane = this.#byDelay.get(delay);
    if (lane === undefined && this.#lanes.length < MAX_LANES) {
      lane = new Lane();
      this.#byDelay.set(delay, lane);
      this.#lanes.push(lane);
    }
    // A clock that steps back must not unsort a lane.
    const at = Math.max(now + delay, lane?.tail?.at ?? 0);
    const timer = new LaneTimer(at, this.#order++, owner, kind);
    if (lane === undefined) this.#odd.add(timer);
    else lane.push(timer);
    this.#size++;
    return timer;
  }

  /** Does nothing when it has fired or was cancelled. */
  cancel(timer: LaneTimer<Owner, Kind>): void {
    if (timer.lane !== undefined) timer.lane.remove(timer);
    else if (timer.index >= 0) this.#odd.remove(timer);
    else return;
    this.#size--;
  }

  /** Infinity when idle. */
  nextDeadline(): Ms {
    return this.#first()?.at ?? Infinity;
  }

  /** Fires everything due at `now`, in deadline order, equal deadlines in the order of arming. */
  advance(now: Ms): void {
    for (;;) {
      const timer = this.#first();
      if (timer === undefined || timer.at > now) return;
      this.cancel(timer);
      this.#fire(timer.owner, timer.kind, now);
    }
  }

  #first(): LaneTimer<Owner, Kind> | undefined {
    let first = this.#odd.first;
    for (const { head } of this.#lanes) {
      if (head !== undefined && (first === undefined || isBefore(head, first))) first = head;
    }
    return first;
  }
}
