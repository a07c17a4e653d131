import { SipRequest } from '../message/message.ts';
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
import type { ServerTransaction } from './transaction.ts';

/** States of figure 7 with RFC 6026 §7.1. */
export type InviteServerState = 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';
/** What can happen to an INVITE server transaction. */
export type InviteServerInput =
  | 'request'
  | 'ack'
  | 'send1xx'
  | 'send2xx'
  | 'send3xx-6xx'
  | 'timerTrying'
  | 'timerG'
  | 'timerH'
  | 'timerI'
  | 'timerL'
  | 'timer2xx'
  | 'transportError';

type Server = ServerTransaction;

/** Sends a response and keeps it for retransmissions. */
export function sendResponse(transaction: Server, machine: Machine, argument: Argument): void {
  if (!(argument instanceof Uint8Array)) return;
  transaction.bytes = argument;
  machine.transmit(argument, transaction.replyFlow);
}

/** Sends the last response again, if there is one. */
export function resendResponse(transaction: Server, machine: Machine): void {
  if (transaction.bytes !== undefined) machine.transmit(transaction.bytes, transaction.replyFlow);
}

/** Answers 100 in the user's place. */
export function sendTrying(transaction: Server, machine: Machine): void {
  machine.sendTrying(transaction);
}

// A further 2xx (a fork's, at a proxy) is only passed on (RFC 6026 §7.1).
function forward2xx(transaction: Server, machine: Machine, argument: Argument): void {
  if (argument instanceof Uint8Array) machine.transmit(argument, transaction.replyFlow);
}

function startG(transaction: Server, machine: Machine): void {
  if (transaction.flow.reliable) return; // RFC 3261 §17.2.1: G only on unreliable transports
  transaction.interval = machine.timers.t1;
  machine.armRetransmit(transaction, 'timerG', machine.timers.t1);
}

function restartG(transaction: Server, machine: Machine): void {
  backOff(transaction, machine, 'timerG', machine.timers.t2);
}

function startH(transaction: Server, machine: Machine): void {
  machine.armDeadline(transaction, 'timerH', machine.timers.t64);
}

function startI(transaction: Server, machine: Machine): void {
  wait(transaction, machine, 'timerI', machine.timers.t4);
}

function startL(transaction: Server, machine: Machine): void {
  machine.armDeadline(transaction, 'timerL', machine.timers.t64);
}

// RFC 3261 §13.3.1.4: the UAS repeats its 2xx on every transport, since later hops may lose it.
function start2xx(transaction: Server, machine: Machine): void {
  if (!transaction.awaitingAck) return;
  transaction.interval = machine.timers.t1;
  machine.armRetransmit(transaction, 'timer2xx', machine.timers.t1);
}

function restart2xx(transaction: Server, machine: Machine): void {
  backOff(transaction, machine, 'timer2xx', machine.timers.t2);
}

function passAck(transaction: Server, machine: Machine, argument: Argument): void {
  if (!(argument instanceof SipRequest)) return;
  machine.event({ type: 'ack', request: argument, flow: machine.arrival ?? transaction.flow, transaction });
  transaction.awaitingAck = false;
}

function reportNoAck(transaction: Server, machine: Machine): void {
  if (transaction.awaitingAck) machine.event({ type: 'noAck', transaction });
}

/**
 * RFC 3261 §17.2.1 figure 7, RFC 6026 §7.1.
 *
 *     proceeding ──3xx-6xx──► completed ──ACK──► confirmed ──I──► terminated
 *         └──2xx──► accepted ──L──► terminated
 */
export const INVITE_SERVER = {
  proceeding: {
    request: ['proceeding', resendResponse],
    send1xx: ['proceeding', stopRetransmit, sendResponse],
    send2xx: ['accepted', stopRetransmit, sendResponse, startL, start2xx],
    'send3xx-6xx': ['completed', stopRetransmit, sendResponse, startG, startH],
    timerTrying: ['proceeding', sendTrying],
    transportError: ['terminated', reportError, end],
  },
  accepted: {
    request: ['accepted'], // RFC 6026 §7.1: absorb
    ack: ['accepted', stopRetransmit, passAck],
    send2xx: ['accepted', forward2xx],
    timer2xx: ['accepted', resendResponse, restart2xx],
    timerL: ['terminated', reportNoAck, end],
    transportError: ['accepted', reportError], // RFC 6026 §7.1: stays until Timer L
  },
  completed: {
    request: ['completed', resendResponse],
    ack: ['confirmed', stopRetransmit, stopDeadline, startI],
    timerG: ['completed', resendResponse, restartG],
    timerH: ['terminated', end],
    transportError: ['terminated', reportError, end],
  },
  confirmed: {
    request: ['confirmed'],
    ack: ['confirmed'],
    timerI: ['terminated', end],
  },
  terminated: {},
} as const satisfies Table<InviteServerState, InviteServerInput, Server>;
