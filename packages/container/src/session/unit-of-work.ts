import type { ContainerRequest } from '../message/request.ts';
import type { ContainerResponse } from '../message/response.ts';
import { isPromise } from './chain.ts';

/** Something a unit of work wants to put on the wire. */
export type Output =
  | { readonly kind: 'request'; readonly request: ContainerRequest }
  | { readonly kind: 'ack'; readonly request: ContainerRequest }
  | { readonly kind: 'cancel'; readonly request: ContainerRequest }
  | { readonly kind: 'response'; readonly response: ContainerResponse };

/** Hands an output to a flow; a promise when that takes name resolution. Never throws and never rejects. */
export type Deliver = (output: Output) => void | Promise<void>;

const HANDED_OVER = Promise.resolve();

/** What a unit of work sends: handed over at once in memory mode, after the commit of its session with a store. */
export class OutputBuffer {
  readonly #deliver: Deliver;
  readonly #afterCommit: boolean;
  #waiting: { output: Output; done: () => void }[] = [];

  constructor(deliver: Deliver, afterCommit: boolean) {
    this.#deliver = deliver;
    this.#afterCommit = afterCommit;
  }

  /** Settles when the output has been handed to a flow. */
  push(output: Output): Promise<void> {
    if (!this.#afterCommit) {
      const result = this.#deliver(output);
      return isPromise(result) ? result : HANDED_OVER;
    }
    return new Promise((done) => this.#waiting.push({ output, done }));
  }

  /** The session record is stored: everything may leave. */
  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { output, done } of waiting) {
      const result = this.#deliver(output);
      if (isPromise(result)) void result.then(done);
      else done();
    }
  }

  /** The commit failed: nothing leaves (the unit runs again on the newer record). */
  discard(): void {
    this.#waiting = [];
  }
}
