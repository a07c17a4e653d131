import { SipResponse } from '../message/message.ts';
import {
  backOff,
  end,
  reportError,
  stopDeadline,
  stopRetransmit,
  wait,
  type Argument,
  type Machine,
  type Table,
} from './machine.ts';
import type { ClientTransaction } from './transaction.ts';

/** States of figure 5 with RFC 6026 §7.2. */
export type InviteClientState = 'calling' | 'proceeding' | 'accepted' | 'completed' | 'terminated';
/** What can happen to an INVITE client transaction. */
export type InviteClientInput =
  | '1xx'
  | '2xx'
  | '3xx-6xx'
  | 'timerA'
  | 'timerB'
  | 'timerCancel'
  | 'timerD'
  | 'timerM'
  | 'transportError';

type Client = ClientTransaction;

/** Starts Timers A and B with the first transmission (RFC 3261 §17.1.1.2). */
export function startInviteClient(transaction: Client, machine: Machine): void {
  if (!transaction.flow.reliable) {
    transaction.interval = machine.timers.t1;
    machine.armRetransmit(transaction, 'timerA', machine.timers.t1);
  }
  machine.armDeadline(transaction, 'timerB', machine.timers.t64);
}

/** Sends the request again. */
export function resendRequest(transaction: Client, machine: Machine): void {
  if (transaction.bytes !== undefined) machine.transmit(transaction.bytes, transaction.flow);
}

// RFC 3261 §17.1.1.2: Timer A doubles without a cap.
function restartA(transaction: Client, machine: Machine): void {
  backOff(transaction, machine, 'timerA', Infinity);
}

/** Hands a response to the transaction user. */
export function pass(transaction: Client, machine: Machine, argument: Argument): void {
  if (!transaction.silent && argument instanceof SipResponse) {
    machine.event({
      type: 'response',
      response: argument,
      flow: machine.arrival ?? transaction.flow,
      transaction,
      retransmission: false,
    });
  }
}

// RFC 6026 §7.2: every 2xx goes up. RFC 3261 §13.2.2.4: the same ACK answers each retransmission.
function pass2xx(transaction: Client, machine: Machine, argument: Argument): void {
  if (!(argument instanceof SipResponse)) return;
  const tag = argument.headers.to?.tag ?? '';
  const tags = (transaction.accepted ??= new Map());
  const retransmission = tags.has(tag);
  if (!retransmission && tags.size < MAX_FORKS) tags.set(tag, undefined);
  const ack = tags.get(tag);
  if (ack !== undefined) machine.transmit(ack, transaction.flow);
  const flow = machine.arrival ?? transaction.flow;
  machine.event({ type: 'response', response: argument, flow, transaction, retransmission });
}

const MAX_FORKS = 64; // tags remembered per INVITE; a hostile peer may send endless 2xx

/** Tells the transaction user that nothing came. */
export function reportTimeout(transaction: Client, machine: Machine): void {
  if (!transaction.silent) machine.event({ type: 'timeout', transaction });
}

// RFC 3261 §9.1: a CANCEL waits for the first provisional response.
function sendHeldCancel(transaction: Client, machine: Machine): void {
  if (transaction.cancel === 'held') machine.sendCancel(transaction);
}

// RFC 3261 §17.1.1.3
function acknowledge(transaction: Client, machine: Machine, argument: Argument): void {
  if (argument instanceof SipResponse) machine.acknowledge(transaction, argument);
}

function resendAck(transaction: Client, machine: Machine): void {
  if (transaction.ack !== undefined) machine.transmit(transaction.ack, transaction.flow);
}

function startD(transaction: Client, machine: Machine): void {
  wait(transaction, machine, 'timerD', machine.timers.timerD);
}

function startM(transaction: Client, machine: Machine): void {
  transaction.bytes = undefined;
  machine.armDeadline(transaction, 'timerM', machine.timers.t64); // RFC 6026 §7.2: on every transport
}

/**
 * RFC 3261 §17.1.1.2 figure 5, RFC 6026 §7.2.
 *
 *     calling ──1xx──► proceeding ──3xx-6xx──► completed ──D──► terminated
 *        └──────2xx──────────┴──2xx──► accepted ──M──► terminated
 */
export const INVITE_CLIENT = {
  calling: {
    '1xx': ['proceeding', stopRetransmit, stopDeadline, pass, sendHeldCancel],
    '2xx': ['accepted', stopRetransmit, startM, pass2xx],
    '3xx-6xx': ['completed', stopRetransmit, stopDeadline, acknowledge, pass, startD],
    timerA: ['calling', resendRequest, restartA],
    timerB: ['terminated', reportTimeout, end],
    transportError: ['terminated', reportError, end],
  },
  proceeding: {
    '1xx': ['proceeding', pass],
    '2xx': ['accepted', startM, pass2xx],
    '3xx-6xx': ['completed', stopDeadline, acknowledge, pass, startD],
    timerCancel: ['terminated', reportTimeout, end], // RFC 3261 §9.1: 64*T1 after the CANCEL
    transportError: ['terminated', reportError, end],
  },
  accepted: {
    '2xx': ['accepted', pass2xx],
    timerM: ['terminated', end],
  },
  completed: {
    '3xx-6xx': ['completed', resendAck],
    timerD: ['terminated', end],
    transportError: ['terminated', reportError, end],
  },
  terminated: {},
} as const satisfies Table<InviteClientState, InviteClientInput, Client>;
