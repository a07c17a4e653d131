import type { ContainerRequest } from '../message/request.ts';
import type { ContainerResponse } from '../message/response.ts';
import { isPromise } from './chain.ts';

/** Something a unit of work wants to put on the wire. */
export type Output =
  | { readonly kind: 'request'; readonly request: ContainerRequest }
  | { readonly kind: 'ack'; readonly request: ContainerRequest }
  | { readonly kind: 'cancel'; readonly request: ContainerRequest }
  | { readonly kind: 'response'; readonly response: ContainerResponse }
  /** What a proxy forwards; `send` never throws. */
  | { readonly kind: 'proxied'; readonly send: () => void | Promise<void> };

/** Hands an output to a flow; a promise when that takes name resolution. Never throws and never rejects. */
export type Deliver = (output: Output) => void | Promise<void>;

const HANDED_OVER = Promise.resolve();

/** What a unit of work sends: handed over at once in memory mode, after the commit of its session with a store. */
export class OutputBuffer {
  readonly #deliver: Deliver;
  readonly #afterCommit: boolean;
  #waiting: Output[] = [];
  #open = false;

  /** With `afterCommit` what is sent inside a unit waits for {@link OutputBuffer.flush}. */
  constructor(deliver: Deliver, afterCommit: boolean) {
    this.#deliver = deliver;
    this.#afterCommit = afterCommit;
  }

  /** A unit of work begins. */
  begin(): void {
    this.#open = this.#afterCommit;
  }

  /**
   * Takes an output; a promise only when somebody has to wait until it has been handed over. An output of an open unit
   * counts as handed over to the unit: a handler that awaits it must not wait for its own end.
   */
  emit(output: Output): void | Promise<void> {
    if (!this.#open) return this.#deliver(output);
    this.#waiting.push(output);
  }

  /** {@link OutputBuffer.emit} for applications: settles when the output has been handed to a flow. */
  push(output: Output): Promise<void> {
    const result = this.emit(output);
    return isPromise(result) ? result : HANDED_OVER;
  }

  /** The unit has ended and its session record is stored: everything may leave. */
  flush(): void {
    this.#open = false;
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const output of waiting) void this.#deliver(output);
  }

  /** The commit failed: nothing leaves (the unit runs again on the newer record). */
  discard(): void {
    this.#open = false;
    this.#waiting = [];
  }
}
