import { pass, reportTimeout, resendRequest } from './invite-client.ts';
import { backOff, end, reportError, stopDeadline, stopRetransmit, wait, type Machine, type Table } from './machine.ts';
import type { ClientTransaction } from './transaction.ts';

/** States of figure 6. */
export type ClientTableState = 'trying' | 'proceeding' | 'completed' | 'terminated';
/** What can happen to a non-INVITE client transaction. */
export type ClientInput = '1xx' | 'final' | 'timerE' | 'timerF' | 'timerK' | 'transportError';

type Client = ClientTransaction;

/** Starts Timers E and F with the first transmission (RFC 3261 §17.1.2.2). */
export function startClient(transaction: Client, machine: Machine): void {
  if (!transaction.flow.reliable) {
    transaction.interval = machine.timers.t1;
    machine.armRetransmit(transaction, 'timerE', machine.timers.t1);
  }
  machine.armDeadline(transaction, 'timerF', machine.timers.t64);
}

function restartE(transaction: Client, machine: Machine): void {
  backOff(transaction, machine, 'timerE', machine.timers.t2);
}

// RFC 3261 §17.1.2.2: in proceeding Timer E always runs T2.
function restartEAtT2(transaction: Client, machine: Machine): void {
  transaction.interval = machine.timers.t2;
  machine.armRetransmit(transaction, 'timerE', machine.timers.t2);
}

function startK(transaction: Client, machine: Machine): void {
  transaction.bytes = undefined;
  wait(transaction, machine, 'timerK', machine.timers.t4);
}

/**
 * RFC 3261 §17.1.2.2 figure 6.
 *
 *     trying ──1xx──► proceeding ──final──► completed ──K──► terminated
 *        └───────────────final──────────────────┘
 */
export const CLIENT = {
  trying: {
    '1xx': ['proceeding', pass],
    final: ['completed', stopRetransmit, stopDeadline, pass, startK],
    timerE: ['trying', resendRequest, restartE],
    timerF: ['terminated', reportTimeout, end],
    transportError: ['terminated', reportError, end],
  },
  proceeding: {
    '1xx': ['proceeding', pass],
    final: ['completed', stopRetransmit, stopDeadline, pass, startK],
    timerE: ['proceeding', resendRequest, restartEAtT2],
    timerF: ['terminated', reportTimeout, end],
    transportError: ['terminated', reportError, end],
  },
  completed: {
    final: ['completed'], // a retransmission: absorbed
    timerK: ['terminated', end],
  },
  terminated: {},
} as const satisfies Table<ClientTableState, ClientInput, Client>;
