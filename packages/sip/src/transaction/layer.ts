import type { ByteCodec, Ms } from '../codec.ts';
import * as E from '../errors.ts';
import type { Via } from '../header/via.ts';
import type { IdSource } from '../ids.ts';
import { createResponseFor, type SipRequest, type SipResponse } from '../message/message.ts';
import { serialize } from '../message/serialize.ts';
import type { EngineEvent, Flow, Out } from '../out.ts';
import { CLIENT, startClient } from './client.ts';
import { ackFor, cancelFor } from './derive.ts';
import { INVITE_CLIENT, startInviteClient } from './invite-client.ts';
import { INVITE_SERVER } from './invite-server.ts';
import { ackKey, clientKey, isSentBy, serverKey } from './key.ts';
import { Lanes } from './lanes.ts';
import { step, type Argument, type Machine, type Table } from './machine.ts';
import { SERVER, startServer } from './server.ts';
import type { Timers } from './timers.ts';
import { ClientTransaction, ServerTransaction, type TimerKind, type Transaction } from './transaction.ts';

// The four tables seen as one type: an input a table does not know is ignored.
type AnyTable = Table<string, string, Transaction>;

function tableOf(transaction: Transaction): AnyTable {
  if (transaction.kind === 'client') return (transaction.isInvite ? INVITE_CLIENT : CLIENT) as unknown as AnyTable;
  return (transaction.isInvite ? INVITE_SERVER : SERVER) as unknown as AnyTable;
}

function flowOf(transaction: Transaction): Flow {
  return transaction.kind === 'client' ? transaction.flow : transaction.replyFlow;
}

/** Numbers of what is alive. */
export interface EngineCounts {
  readonly client: number;
  readonly server: number;
  /** INVITE transactions of both sides in the accepted state of RFC 6026. */
  readonly accepted: number;
  readonly timers: number;
}

/** Keeps the transactions by key, feeds them, and matches ACK, CANCEL and responses (RFC 3261 §17). */
export class TransactionLayer implements Machine {
  readonly timers: Timers;
  arrival: Flow | undefined;
  readonly #out: Out;
  readonly #ids: IdSource;
  readonly #codec: ByteCodec;
  readonly #clients = new Map<string, ClientTransaction>();
  readonly #servers = new Map<string, ServerTransaction>();
  readonly #ackIndex = new Map<string, ServerTransaction>();
  // What runs on a connection, so that its end costs only what it ends.
  readonly #onConnection = new Map<string, Set<Transaction>>();
  readonly #lanes: Lanes<Transaction, TimerKind>;
  #now: Ms = 0;

  constructor(out: Out, ids: IdSource, codec: ByteCodec, timers: Timers) {
    this.timers = timers;
    this.arrival = undefined;
    this.#out = out;
    this.#ids = ids;
    this.#codec = codec;
    this.#lanes = new Lanes((transaction, kind, now) => {
      this.#now = now;
      if (transaction.retransmit?.kind === kind) transaction.retransmit = undefined;
      else transaction.deadline = undefined;
      this.#step(transaction, kind, undefined);
    });
  }

  /** Every call of the engine begins here. */
  enter(now: Ms, arrival: Flow | undefined): void {
    this.#now = now;
    this.arrival = arrival;
  }

  advance(now: Ms): void {
    this.enter(now, undefined);
    this.#lanes.advance(now);
  }

  nextTimeout(): Ms {
    return this.#lanes.nextDeadline();
  }

  counts(): EngineCounts {
    let accepted = 0;
    for (const transaction of this.#clients.values()) if (transaction.state === 'accepted') accepted++;
    for (const transaction of this.#servers.values()) if (transaction.state === 'accepted') accepted++;
    return { client: this.#clients.size, server: this.#servers.size, accepted, timers: this.#lanes.size };
  }

  // ── the user's side ──

  /** Starts a client transaction; the request has its Via. @throws SIP_ERR_ARGUMENT when the branch is in use */
  send(request: SipRequest, flow: Flow, branch: string, owner: unknown, silent: boolean): ClientTransaction {
    const id = clientKey(branch, request.method);
    if (this.#clients.has(id)) throw new E.SipError(E.ARGUMENT, 'branch in use');
    const bytes = serialize(request, this.#codec);
    const transaction = new ClientTransaction(id, request, flow, owner, silent);
    if (!flow.reliable) transaction.bytes = bytes;
    this.#clients.set(id, transaction);
    this.#bind(transaction, flow);
    this.transmit(bytes, flow);
    if (transaction.isInvite) startInviteClient(transaction, this);
    else startClient(transaction, this);
    return transaction;
  }

  /** RFC 3261 §9.1. */
  cancel(transaction: ClientTransaction, reason: string | undefined): void {
    if (transaction.cancel !== 'none') return;
    transaction.cancelReason = reason;
    if (transaction.state === 'calling') transaction.cancel = 'held';
    else if (transaction.state === 'proceeding') this.sendCancel(transaction);
  }

  /** Keeps the ACK of a 2xx for its retransmissions (RFC 3261 §13.2.2.4). */
  storeAck(invite: ClientTransaction, tag: string, bytes: Uint8Array): void {
    if (invite.state === 'accepted') invite.accepted?.set(tag, bytes);
  }

  /** Gives the user's response to its transaction. @throws SIP_ERR_TRANSACTION_STATE after a final response */
  respond(transaction: ServerTransaction, response: SipResponse, asUas: boolean): void {
    const { status } = response;
    const is2xx = status >= 200 && status < 300;
    const more2xx = is2xx && !asUas && transaction.state === 'accepted' && !transaction.isUas;
    if (transaction.finalStatus !== undefined && !more2xx) throw new E.SipError(E.TRANSACTION_STATE);
    if (transaction.state === 'terminated') return; // the transport failed, or nobody waits any more (RFC 4320 §4.2)
    if (!transaction.isInvite && !this.#mayAnswer(transaction, status)) return;
    const bytes = serialize(response, this.#codec);
    transaction.toTag ??= response.headers.to?.tag;
    if (status >= 200) transaction.finalStatus ??= status;
    if (transaction.isInvite && is2xx) this.#expectAck(transaction, response, asUas);
    const final = transaction.isInvite ? (is2xx ? 'send2xx' : 'send3xx-6xx') : 'sendFinal';
    this.#step(transaction, status < 200 ? 'send1xx' : final, bytes);
    if (status >= 200) transaction.request.headers.release(); // what now waits for 32 s shall be small
  }

  #expectAck(transaction: ServerTransaction, response: SipResponse, asUas: boolean): void {
    transaction.isUas ||= asUas;
    transaction.awaitingAck ||= asUas;
    const key = ackKey(response);
    this.#ackIndex.set(key, transaction);
    (transaction.ackKeys ??= []).push(key);
  }

  // RFC 4320 §4.1: to a non-INVITE nothing provisional but 100, over UDP not before Timer E has reached T2 (the engine
  // sends it by itself). §4.2: never 408.
  #mayAnswer(transaction: ServerTransaction, status: number): boolean {
    if (status < 200) return status === 100 && transaction.flow.reliable;
    if (status !== 408) return true;
    transaction.finalStatus = status;
    transaction.state = 'terminated';
    this.end(transaction);
    return false;
  }

  /** RFC 3261 §17.1.4, §17.2.4: what uses the connection fails; of a datagram only the one that sent it. */
  transportFailed(flow: Flow, error: Error, bytes: Uint8Array | undefined): void {
    const hit = flow.reliable ? [...(this.#onConnection.get(flow.id) ?? [])] : this.#onDatagrams(flow, bytes);
    for (const transaction of hit) this.#step(transaction, 'transportError', error);
  }

  // A datagram that could not be sent is rare and our own doing (too long, no route), so a search will do.
  #onDatagrams(flow: Flow, bytes: Uint8Array | undefined): Transaction[] {
    const hit: Transaction[] = [];
    for (const side of [this.#clients, this.#servers]) {
      for (const transaction of side.values()) {
        if (flowOf(transaction).id !== flow.id) continue;
        if (bytes === undefined || transaction.bytes === bytes) hit.push(transaction);
      }
    }
    return hit;
  }

  #bind(transaction: Transaction, flow: Flow): void {
    if (!flow.reliable) return;
    const bound = this.#onConnection.get(flow.id);
    if (bound === undefined) this.#onConnection.set(flow.id, new Set([transaction]));
    else bound.add(transaction);
  }

  #unbind(transaction: Transaction, flow: Flow): void {
    if (!flow.reliable) return;
    const bound = this.#onConnection.get(flow.id);
    bound?.delete(transaction);
    if (bound?.size === 0) this.#onConnection.delete(flow.id);
  }

  // ── the network's side ──

  /** Takes a retransmission; false when the request is new. */
  retransmitted(key: string): boolean {
    const transaction = this.#servers.get(key);
    if (transaction === undefined) return false;
    this.#step(transaction, 'request', undefined);
    return true;
  }

  /** Starts a server transaction and reports it. */
  receive(request: SipRequest, key: string, replyFlow: Flow): void {
    const flow = this.arrival ?? replyFlow;
    const transaction = this.#serve(request, key, flow, replyFlow, false);
    this.event({ type: 'request', request, transaction, flow });
  }

  #serve(request: SipRequest, key: string, flow: Flow, replyFlow: Flow, silent: boolean): ServerTransaction {
    const transaction = new ServerTransaction(key, request, flow, replyFlow, silent);
    this.#servers.set(key, transaction);
    this.#bind(transaction, replyFlow);
    if (transaction.isInvite) this.armRetransmit(transaction, 'timerTrying', this.timers.tryingInvite);
    else startServer(transaction, this);
    return transaction;
  }

  /** RFC 3261 §9.2: false when there is nothing to cancel. */
  receiveCancel(request: SipRequest, key: string, inviteKey: string, replyFlow: Flow): boolean {
    const invite = this.#servers.get(inviteKey);
    if (invite === undefined) return false;
    const flow = this.arrival ?? replyFlow;
    const transaction = this.#serve(request, key, flow, replyFlow, true);
    invite.toTag ??= this.#ids.tag(); // §9.2: the same tag in both answers
    this.respond(transaction, createResponseFor(request, 200, undefined, invite.toTag), true);
    if (invite.finalStatus === undefined) this.event({ type: 'cancel', request, flow, cancelled: invite });
    return true;
  }

  /** RFC 3261 §17.2.3, §13.3.1.4: true when the ACK belongs to a transaction here. */
  receiveAck(request: SipRequest, via: Via): boolean {
    const invite = this.#servers.get(serverKey(request, via, 'INVITE'));
    if (invite !== undefined && invite.state !== 'accepted') {
      const rfc3261 = invite.id.startsWith('INVITE ');
      if (rfc3261 || invite.toTag === request.headers.to?.tag) {
        this.#step(invite, 'ack', request);
        return true;
      }
    }
    const accepted = invite?.state === 'accepted' ? invite : this.#ackIndex.get(ackKey(request));
    if (accepted === undefined) return false;
    if (!accepted.isUas || accepted.awaitingAck) this.#step(accepted, 'ack', request);
    return true;
  }

  /** RFC 3261 §17.1.3, §18.1.2. */
  receiveResponse(response: SipResponse, via: Via, flow: Flow): void {
    const method = response.headers.cseq?.method ?? '';
    const transaction = this.#clients.get(clientKey(via.branch ?? '', method));
    if (transaction === undefined) {
      this.event({ type: 'strayResponse', response, flow });
      return;
    }
    if (!isSentBy(via, transaction.flow)) {
      this.event({ type: 'drop', reason: E.VIA_MISMATCH, flow });
      return;
    }
    const { status } = response;
    const final = transaction.isInvite ? (status < 300 ? '2xx' : '3xx-6xx') : 'final';
    const taken = this.#step(transaction, status < 200 ? '1xx' : final, response);
    // A 2xx after another final response: its dialog must be ended by whoever can.
    if (!taken && final === '2xx' && status >= 200) this.event({ type: 'strayResponse', response, flow });
  }

  // ── what the actions call ──

  transmit(bytes: Uint8Array, flow: Flow): void {
    this.#out.transmit(bytes, flow);
  }

  event(event: EngineEvent): void {
    this.#out.event(event);
  }

  armRetransmit(transaction: Transaction, kind: TimerKind, delay: Ms): void {
    this.stopRetransmit(transaction);
    transaction.retransmit = this.#lanes.arm(delay, transaction, kind, this.#now);
  }

  armDeadline(transaction: Transaction, kind: TimerKind, delay: Ms): void {
    this.stopDeadline(transaction);
    transaction.deadline = this.#lanes.arm(delay, transaction, kind, this.#now);
  }

  stopRetransmit(transaction: Transaction): void {
    if (transaction.retransmit === undefined) return;
    this.#lanes.cancel(transaction.retransmit);
    transaction.retransmit = undefined;
  }

  stopDeadline(transaction: Transaction): void {
    if (transaction.deadline === undefined) return;
    this.#lanes.cancel(transaction.deadline);
    transaction.deadline = undefined;
  }

  fire(transaction: Transaction, kind: TimerKind): void {
    this.#step(transaction, kind, undefined);
  }

  end(transaction: Transaction): void {
    this.stopRetransmit(transaction);
    this.stopDeadline(transaction);
    transaction.bytes = undefined;
    this.#unbind(transaction, flowOf(transaction));
    if (transaction.kind === 'client') {
      this.#clients.delete(transaction.id);
      transaction.ack = undefined;
      transaction.accepted = undefined;
    } else {
      this.#servers.delete(transaction.id);
      for (const key of transaction.ackKeys ?? []) {
        if (this.#ackIndex.get(key) === transaction) this.#ackIndex.delete(key);
      }
      transaction.ackKeys = undefined;
    }
    if (!transaction.silent) this.event({ type: 'terminated', transaction });
  }

  acknowledge(transaction: ClientTransaction, response: SipResponse): void {
    const bytes = serialize(ackFor(transaction.request, response), this.#codec);
    transaction.bytes = undefined;
    if (!transaction.flow.reliable) transaction.ack = bytes;
    this.transmit(bytes, transaction.flow);
  }

  sendCancel(transaction: ClientTransaction): void {
    const branch = transaction.request.headers.via?.branch ?? '';
    transaction.cancel = 'sent';
    this.send(cancelFor(transaction.request, transaction.cancelReason), transaction.flow, branch, undefined, true);
    this.armDeadline(transaction, 'timerCancel', this.timers.t64);
  }

  sendTrying(transaction: ServerTransaction): void {
    transaction.bytes = serialize(createResponseFor(transaction.request, 100), this.#codec);
    this.transmit(transaction.bytes, transaction.replyFlow);
  }

  #step(transaction: Transaction, input: string, argument: Argument): boolean {
    return step(tableOf(transaction), transaction, input, this, argument);
  }
}
