import { resendResponse, sendResponse, sendTrying } from './invite-server.ts';
import { end, reportError, stopDeadline, stopRetransmit, wait, type Machine, type Table } from './machine.ts';
import type { ServerTransaction } from './transaction.ts';

/** States of figure 8. */
export type ServerTableState = 'trying' | 'proceeding' | 'completed' | 'terminated';
/** What can happen to a non-INVITE server transaction. */
export type ServerInput =
  | 'request'
  | 'send1xx'
  | 'sendFinal'
  | 'timerTrying'
  | 'timerAbandon'
  | 'timerJ'
  | 'transportError';

type Server = ServerTransaction;

/** Plans the 100 of RFC 4320 §4.1, and the end: after 64*T1 nobody waits for an answer (§4.2). */
export function startServer(transaction: Server, machine: Machine): void {
  machine.armRetransmit(transaction, 'timerTrying', machine.timers.tryingOther);
  machine.armDeadline(transaction, 'timerAbandon', machine.timers.t64);
}

function startJ(transaction: Server, machine: Machine): void {
  wait(transaction, machine, 'timerJ', machine.timers.t64);
}

/**
 * RFC 3261 §17.2.2 figure 8, RFC 4320.
 *
 *     trying ──100──► proceeding ──final──► completed ──J──► terminated
 *        └───────────────final──────────────────┘
 */
export const SERVER = {
  trying: {
    request: ['trying'],
    send1xx: ['proceeding', stopRetransmit, sendResponse],
    sendFinal: ['completed', stopRetransmit, stopDeadline, sendResponse, startJ],
    timerTrying: ['proceeding', sendTrying],
    timerAbandon: ['terminated', end],
    transportError: ['terminated', reportError, end],
  },
  proceeding: {
    request: ['proceeding', resendResponse],
    send1xx: ['proceeding', sendResponse],
    sendFinal: ['completed', stopDeadline, sendResponse, startJ],
    timerAbandon: ['terminated', end],
    transportError: ['terminated', reportError, end],
  },
  completed: {
    request: ['completed', resendResponse],
    timerJ: ['terminated', end],
    transportError: ['terminated', reportError, end],
  },
  terminated: {},
} as const satisfies Table<ServerTableState, ServerInput, Server>;
