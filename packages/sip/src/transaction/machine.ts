import type { Ms } from '../codec.ts';
import type { SipRequest, SipResponse } from '../message/message.ts';
import type { EngineEvent, Flow } from '../out.ts';
import type { Timers } from './timers.ts';
import type { ClientTransaction, ServerTransaction, TimerKind, Transaction } from './transaction.ts';

/** What the actions of the machines may do; the layer implements it. */
export interface Machine {
  readonly timers: Timers;
  /** The flow the message in hand came over. */
  readonly arrival: Flow | undefined;
  transmit(bytes: Uint8Array, flow: Flow): void;
  event(event: EngineEvent): void;
  /** Arms the retransmission timer, replacing a running one. */
  armRetransmit(transaction: Transaction, kind: TimerKind, delay: Ms): void;
  /** Arms the one timer that ends a state, replacing a running one. */
  armDeadline(transaction: Transaction, kind: TimerKind, delay: Ms): void;
  /** Forgets the transaction and reports it. */
  end(transaction: Transaction): void;
  stopRetransmit(transaction: Transaction): void;
  stopDeadline(transaction: Transaction): void;
  /** Gives a timer input at once (timers of 0 ms on reliable transports). */
  fire(transaction: Transaction, kind: TimerKind): void;
  acknowledge(transaction: ClientTransaction, response: SipResponse): void;
  sendCancel(transaction: ClientTransaction): void;
  sendTrying(transaction: ServerTransaction): void;
}

/** What comes with an input: the response received, the response's bytes to send, the ACK, the error. */
export type Argument = SipResponse | SipRequest | Uint8Array | Error | undefined;

/** A named function of a table row. */
export type Action<T> = (transaction: T, machine: Machine, argument: Argument) => void;

/** `[next state, ...actions]`. */
export type Row<S, T> = readonly [S, ...Action<T>[]];

/** Rows by state and input; a missing row means: ignore. */
export type Table<S extends string, I extends string, T> = Record<S, Partial<Record<I, Row<S, T>>>>;

/** Takes one input; false when the table has no row for it. */
export function step<S extends string, I extends string, T extends { state: string }>(
  table: Table<S, I, T>,
  transaction: T & { state: S },
  input: I,
  machine: Machine,
  argument: Argument,
): boolean {
  const row = table[transaction.state][input];
  if (row === undefined) return false;
  transaction.state = row[0];
  for (let i = 1; i < row.length; i++) {
    const action = row[i];
    if (typeof action === 'function') action(transaction, machine, argument);
  }
  return true;
}

/** Stops Timer A, E, G or the 2xx retransmission. */
export function stopRetransmit(transaction: Transaction, machine: Machine): void {
  machine.stopRetransmit(transaction);
}

/** Stops Timer B, F, H or the wait of the current state. */
export function stopDeadline(transaction: Transaction, machine: Machine): void {
  machine.stopDeadline(transaction);
}

/** Forgets the transaction. */
export function end(transaction: Transaction, machine: Machine): void {
  machine.end(transaction);
}

/** Tells the transaction user that the transport failed (RFC 3261 §17.1.4, §17.2.4). */
export function reportError(transaction: Transaction, machine: Machine, argument: Argument): void {
  if (!transaction.silent && argument instanceof Error) {
    machine.event({ type: 'transportError', transaction, error: argument });
  }
}

/** Arms the timer that ends a waiting state, at once on a reliable transport. */
export function wait(transaction: Transaction, machine: Machine, kind: TimerKind, delay: Ms): void {
  if (transaction.flow.reliable) machine.fire(transaction, kind);
  else machine.armDeadline(transaction, kind, delay);
}

/** Doubles the retransmission interval up to `cap` and arms it again. */
export function backOff(transaction: Transaction, machine: Machine, kind: TimerKind, cap: Ms): void {
  transaction.interval = Math.min(transaction.interval * 2, cap);
  machine.armRetransmit(transaction, kind, transaction.interval);
}
