import { AsyncLocalStorage } from 'node:async_hooks';
import { isPromise } from './chain.ts';
import type { ArmedTimer, Timers } from './timers.ts';

/** One piece of work that a mailbox runs alone. */
export type Work = () => void | Promise<void>;

/** Names a piece of work in the log; a function when making the text costs something. */
export type Label = string | (() => string);

/** What a mailbox needs from its owner. */
export interface MailboxHost {
  readonly timers: Timers;
  /** A handler that takes longer is named and no longer waited for; 0 switches the watchdog off. Milliseconds. */
  readonly watchdogMs: number;
  /** Counts mailboxes with work, so that tests and drain can wait for none. */
  readonly tracker: BusyTracker;
  /** A handler did not settle in time; the mailbox goes on without it. */
  stuck(label: string): void;
  /** Work threw although it must not; the mailbox goes on. */
  failed(error: unknown, label: string): void;
}

/** What a turn sends leaves together at its end, when sessions are stored. */
export interface UnitOfWork {
  begin(): void;
  flush(): void;
}

/** Counts the mailboxes that have work. */
export class BusyTracker {
  #busy = 0;
  #waiters: (() => void)[] = [];

  /** Mailboxes with work now. */
  get busy(): number {
    return this.#busy;
  }

  /** Says that a mailbox began to work. */
  began(): void {
    this.#busy++;
  }

  /** Says that a mailbox has nothing left to do. */
  ended(): void {
    this.#busy--;
    if (this.#busy > 0 || this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }

  /** Resolves when no mailbox has work. */
  whenIdle(): Promise<void> {
    if (this.#busy === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
}

/**
 * One turn of a mailbox: the unit of work. Sockets and timers that are made in it remember it for as long as they live,
 * so it lets go of the session and its messages when it ends.
 */
class Turn {
  mailbox: Mailbox | undefined;
  label: Label;
  abandoned: (() => void) | undefined;
  active = true;
  watchdog: ArmedTimer | undefined = undefined;

  constructor(mailbox: Mailbox, label: Label, abandoned: (() => void) | undefined) {
    this.mailbox = mailbox;
    this.label = label;
    this.abandoned = abandoned;
  }
}

/** Work that waits. */
interface Entry {
  readonly work: Work;
  readonly label: Label;
  readonly abandoned: (() => void) | undefined;
}

const currentTurn = new AsyncLocalStorage<Turn>();

/** The one serial queue of an application session: messages, timers, HTTP requests and `runInSession` enter here. */
export class Mailbox {
  readonly #host: MailboxHost;
  readonly #endOfTurn: (() => void | Promise<void>) | undefined;
  readonly #unit: UnitOfWork | undefined;
  readonly #queue: Entry[] = [];
  #turn: Turn | undefined = undefined;
  #draining = false;

  /** `endOfTurn` runs inside each turn after its work, and again waits for what it returns; each turn is a `unit`. */
  constructor(host: MailboxHost, endOfTurn?: () => void | Promise<void>, unit?: UnitOfWork) {
    this.#host = host;
    this.#endOfTurn = endOfTurn;
    this.#unit = unit;
  }

  /** Work that is running or waits. */
  get depth(): number {
    return this.#queue.length + (this.#turn === undefined ? 0 : 1);
  }

  /** Whether the caller runs inside a turn of this mailbox. */
  get isInside(): boolean {
    const turn = currentTurn.getStore();
    return turn !== undefined && turn.active && turn.mailbox === this;
  }

  /**
   * Runs `work` now when the mailbox is free, else after what waits; makes no promise when `work` makes none.
   * `abandoned` is called when the watchdog goes on without it.
   */
  enter(work: Work, label: Label = 'work', abandoned?: () => void): void {
    if (this.#turn !== undefined || this.#draining) {
      this.#queue.push({ work, label, abandoned });
      return;
    }
    this.#host.tracker.began();
    this.#begin(work, label, abandoned);
    this.#drain();
  }

  /** Runs `work` in its turn and returns its result; inside a turn of this mailbox it runs at once. */
  run<T>(work: () => T | Promise<T>, label: Label = 'runInSession'): Promise<T> {
    if (this.isInside) {
      return new Promise<T>((resolve) => {
        resolve(work());
      });
    }
    return new Promise<T>((resolve, reject) => {
      this.enter(() => settle(work, resolve, reject), label);
    });
  }

  #begin(work: Work, label: Label, abandoned: (() => void) | undefined): void {
    const turn = new Turn(this, label, abandoned);
    this.#turn = turn;
    this.#unit?.begin();
    const result = currentTurn.run(turn, () => this.#runTurn(work, turn));
    if (isPromise(result)) {
      this.#watch(turn);
      result.then(() => this.#resume(turn)).catch((error: unknown) => this.#host.failed(error, textOf(label)));
      return;
    }
    this.#end(turn);
  }

  #runTurn(work: Work, turn: Turn): void | Promise<void> {
    try {
      const result = work();
      if (isPromise(result)) return this.#finishLater(result, turn);
    } catch (error) {
      this.#host.failed(error, textOf(turn.label));
    }
    try {
      const after = this.#endOfTurn?.();
      if (isPromise(after)) return this.#finishLater(after, turn, true);
    } catch (error) {
      this.#host.failed(error, textOf(turn.label));
    }
  }

  async #finishLater(result: Promise<unknown>, turn: Turn, ended = false): Promise<void> {
    try {
      await result;
    } catch (error) {
      this.#host.failed(error, textOf(turn.label));
    }
    if (ended || !turn.active) return;
    try {
      await this.#endOfTurn?.();
    } catch (error) {
      this.#host.failed(error, textOf(turn.label));
    }
  }

  #watch(turn: Turn): void {
    if (this.#host.watchdogMs <= 0) return;
    turn.watchdog = this.#host.timers.after(this.#host.watchdogMs, () => {
      if (!turn.active) return;
      turn.label = textOf(turn.label);
      this.#host.stuck(turn.label);
      turn.abandoned?.();
      this.#resume(turn);
    });
  }

  #resume(turn: Turn): void {
    if (!turn.active) return; // the watchdog went on without it
    this.#end(turn);
    this.#drain();
  }

  #end(turn: Turn): void {
    turn.active = false;
    turn.watchdog?.cancel();
    this.#unit?.flush();
    turn.watchdog = undefined;
    turn.mailbox = undefined;
    turn.abandoned = undefined;
    if (typeof turn.label !== 'string') turn.label = 'work';
    this.#turn = undefined;
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    while (this.#turn === undefined) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      this.#begin(next.work, next.label, next.abandoned);
    }
    this.#draining = false;
    if (this.#turn === undefined) this.#host.tracker.ended();
  }
}

function textOf(label: Label): string {
  return typeof label === 'string' ? label : label();
}

function settle<T>(
  work: () => T | Promise<T>,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): void | Promise<void> {
  try {
    const result = work();
    if (!isPromise(result)) {
      resolve(result);
      return;
    }
    return (result as Promise<T>).then(resolve, reject);
  } catch (error) {
    reject(error);
  }
}
