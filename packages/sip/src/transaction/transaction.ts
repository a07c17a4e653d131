import type { SipRequest } from '../message/message.ts';
import type { Flow } from '../out.ts';
import type { LaneTimer } from './lanes.ts';

/** States of both client machines. */
export type ClientState = 'calling' | 'trying' | 'proceeding' | 'accepted' | 'completed' | 'terminated';
/** States of both server machines. */
export type ServerState = 'trying' | 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';

/** Timer inputs of the four machines; `timer2xx`, `timerTrying`, `timerCancel` and `timerAbandon` have no letter in the RFC. */
export type TimerKind =
  | 'timerA'
  | 'timerB'
  | 'timerD'
  | 'timerE'
  | 'timerF'
  | 'timerG'
  | 'timerH'
  | 'timerI'
  | 'timerJ'
  | 'timerK'
  | 'timerL'
  | 'timerM'
  | 'timer2xx'
  | 'timerTrying'
  | 'timerCancel'
  | 'timerAbandon';

/** Either side. */
export type Transaction = ClientTransaction | ServerTransaction;
/** An armed transaction timer. */
export type TransactionTimer = LaneTimer<Transaction, TimerKind>;

/** A request this element sent (RFC 3261 §17.1). Only the engine writes its fields, except `owner`. */
export class ClientTransaction {
  readonly kind = 'client' as const;
  readonly id: string;
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly isInvite: boolean;
  state: ClientState;
  /** A slot for the transaction user. */
  owner: unknown;
  /** Kept for retransmission over UDP. @internal */
  bytes: Uint8Array | undefined;
  /** The ACK to a 3xx-6xx. @internal */
  ack: Uint8Array | undefined;
  /** To tags of the 2xx seen, each with its ACK once sent. @internal */
  accepted: Map<string, Uint8Array | undefined> | undefined;
  /** @internal */
  cancel: 'none' | 'held' | 'sent';
  /** @internal */
  cancelReason: string | undefined;
  /** The engine's own CANCEL: nothing is reported. @internal */
  readonly silent: boolean;
  /** Current retransmission interval in ms. @internal */
  interval: number;
  /** @internal */
  retransmit: TransactionTimer | undefined;
  /** @internal */
  deadline: TransactionTimer | undefined;

  constructor(id: string, request: SipRequest, flow: Flow, owner: unknown, silent: boolean) {
    this.id = id;
    this.request = request;
    this.flow = flow;
    this.isInvite = request.method === 'INVITE';
    this.state = this.isInvite ? 'calling' : 'trying';
    this.owner = owner;
    this.bytes = undefined;
    this.ack = undefined;
    this.accepted = undefined;
    this.cancel = 'none';
    this.cancelReason = undefined;
    this.silent = silent;
    this.interval = 0;
    this.retransmit = undefined;
    this.deadline = undefined;
  }
}

/** A request this element received (RFC 3261 §17.2). Only the engine writes its fields, except `owner`. */
export class ServerTransaction {
  readonly kind = 'server' as const;
  readonly id: string;
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly isInvite: boolean;
  state: ServerState;
  /** Status of the final response, undefined before. */
  finalStatus: number | undefined;
  /** The To tag of this side, once one was sent. */
  toTag: string | undefined;
  /** A slot for the transaction user. */
  owner: unknown;
  /** Where responses go (RFC 3261 §18.2.2). @internal */
  readonly replyFlow: Flow;
  /** The last response. @internal */
  bytes: Uint8Array | undefined;
  /** Keys under which an ACK to a 2xx finds this transaction. @internal */
  ackKeys: string[] | undefined;
  /** A 2xx was sent as UAS, not as proxy. @internal */
  isUas: boolean;
  /** … and its ACK has not come. @internal */
  awaitingAck: boolean;
  /** The engine answers by itself (CANCEL): nothing is reported. @internal */
  readonly silent: boolean;
  /** Current retransmission interval in ms. @internal */
  interval: number;
  /** @internal */
  retransmit: TransactionTimer | undefined;
  /** @internal */
  deadline: TransactionTimer | undefined;

  constructor(id: string, request: SipRequest, flow: Flow, replyFlow: Flow, silent: boolean) {
    this.id = id;
    this.request = request;
    this.flow = flow;
    this.isInvite = request.method === 'INVITE';
    this.state = this.isInvite ? 'proceeding' : 'trying';
    this.finalStatus = undefined;
    this.toTag = undefined;
    this.owner = undefined;
    this.replyFlow = replyFlow;
    this.bytes = undefined;
    this.ackKeys = undefined;
    this.isUas = false;
    this.awaitingAck = false;
    this.silent = silent;
    this.interval = 0;
    this.retransmit = undefined;
    this.deadline = undefined;
  }
}
