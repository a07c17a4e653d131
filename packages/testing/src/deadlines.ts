/** A timer that waits. */
export interface Deadline {
  readonly at: number;
  readonly fire: () => void;
}

/** Timers by deadline; those of the same instant fire in the order in which they were added. */
export class Deadlines {
  #waiting: Deadline[] = []; // latest first, so that the next one is popped from the end

  add(at: number, fire: () => void): Deadline {
    const entry = { at, fire };
    let low = 0;
    let high = this.#waiting.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#waiting[middle]?.at ?? 0) > at) low = middle + 1;
      else high = middle;
    }
    this.#waiting.splice(low, 0, entry);
    return entry;
  }

  cancel(entry: Deadline): void {
    const index = this.#waiting.lastIndexOf(entry);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  nextDeadline(): number {
    return this.#waiting.at(-1)?.at ?? Infinity;
  }

  /** Fires what was due when called; what these add for the same instant waits for the next call. */
  runDue(now: number): number {
    let fired = 0;
    const added = this.#waiting.length;
    while (this.nextDeadline() <= now && fired <= added) {
      const entry = this.#waiting.pop();
      if (entry === undefined) break;
      fired += 1;
      entry.fire();
    }
    return fired;
  }
}
