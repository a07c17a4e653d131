/** Tells the time; the tests bring a clock of their own. */
export abstract class WallClock {
  /** Milliseconds since the epoch. */
  abstract now(): number;
}

/** The machine's clock. */
export class SystemClock extends WallClock {
  now(): number {
    return Date.now();
  }
}
