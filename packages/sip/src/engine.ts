import type { ByteCodec, Ms } from './codec.ts';
import * as E from './errors.ts';
import type { Via } from './header/via.ts';
import type { IdSource } from './ids.ts';
import { createResponseFor, type SipMessage, type SipRequest, type SipResponse } from './message/message.ts';
import { parseMessage, type ParseLimits, type ParseOptions, type ParseResult } from './message/parse.ts';
import { serialize } from './message/serialize.ts';
import { reasonPhrase } from './message/status.ts';
import { validateRequest, validateResponse } from './message/validate.ts';
import type { Flow, Out } from './out.ts';
import { sentByPort, serverKey, statelessBranch, statelessTag } from './transaction/key.ts';
import { TransactionLayer, type EngineCounts } from './transaction/layer.ts';
import { deriveTimers, type TimerConfig } from './transaction/timers.ts';
import type { ClientTransaction, ServerTransaction } from './transaction/transaction.ts';

/** What an engine needs from outside. */
export interface EngineOptions {
  readonly ids: IdSource;
  readonly codec: ByteCodec;
  /** T1, T2, T4 and Timer D in ms. */
  readonly timers?: Partial<TimerConfig> | undefined;
  readonly limits?: Partial<ParseLimits> | undefined;
  /**
   * RFC 3261 §18.2.2: the flow for responses to a UDP request whose top Via has no rport and names another port than it
   * came from. Absent: they go back to the source.
   */
  readonly replyFlow?: ((flow: Flow, sentByPort: number) => Flow) | undefined;
}

/** `branch`: instead of a fresh one; `owner`: set before anything is transmitted. */
export interface SendOptions {
  readonly branch?: string | undefined;
  readonly owner?: unknown;
}

/** `retransmit2xx`: true (default) as UAS, false as proxy. */
export interface RespondOptions {
  readonly retransmit2xx?: boolean | undefined;
}

const CRLF = new Uint8Array([13, 10]);

/** The whole SIP core: messages, transactions and time in; bytes and events out. No call throws for what a peer sent. */
export class SipEngine {
  readonly #out: Out;
  readonly #ids: IdSource;
  readonly #codec: ByteCodec;
  readonly #datagram: ParseOptions;
  readonly #stream: ParseOptions;
  readonly #replyFlow: ((flow: Flow, sentByPort: number) => Flow) | undefined;
  readonly #layer: TransactionLayer;

  /** @throws SIP_ERR_ARGUMENT for a timer that is not above 0 */
  constructor(out: Out, options: EngineOptions) {
    this.#out = out;
    this.#ids = options.ids;
    this.#codec = options.codec;
    this.#datagram = { limits: options.limits };
    this.#stream = { limits: options.limits, stream: true };
    this.#replyFlow = options.replyFlow;
    this.#layer = new TransactionLayer(out, options.ids, options.codec, deriveTimers(options.timers));
  }

  /** Takes one datagram, stream frame or WebSocket message. */
  receive(bytes: Uint8Array, flow: Flow, now: Ms): void {
    this.#layer.enter(now, flow);
    try {
      const framed = flow.protocol !== 'TCP' && flow.protocol !== 'TLS';
      const result = parseMessage(bytes, this.#codec, framed ? this.#datagram : this.#stream);
      if (result.type === 'message') this.#message(result.message, flow);
      else if (result.type === 'error') this.#malformed(result, flow);
      else if (framed && flow.reliable && bytes.length >= 4) this.#out.transmit(CRLF, flow); // RFC 7118 §6
    } catch (error) {
      this.#drop(error instanceof E.SipError && error.fault === 'remote' ? error.code : E.INTERNAL, flow);
    }
  }

  /**
   * Sends a request other than ACK and CANCEL: pushes the top Via onto it and starts a client transaction.
   * @throws SIP_ERR_METHOD, SIP_ERR_REQUEST_INCOMPLETE, SIP_ERR_ARGUMENT (branch in use)
   */
  send(request: SipRequest, flow: Flow, now: Ms, options?: SendOptions): ClientTransaction {
    const { headers, method } = request;
    if (method === 'ACK' || method === 'CANCEL') throw new E.SipError(E.METHOD, method);
    if (headers.from === undefined || headers.to === undefined || !headers.callId || headers.cseq?.method !== method) {
      throw new E.SipError(E.REQUEST_INCOMPLETE);
    }
    this.#layer.enter(now, undefined);
    const branch = options?.branch ?? this.#ids.branch();
    if (!headers.has('Max-Forwards')) headers.set('Max-Forwards', '70');
    headers.prepend('Via', viaText(flow, branch));
    return this.#layer.send(request, flow, branch, options?.owner, false);
  }

  /**
   * Cancels an INVITE (RFC 3261 §9.1): at once, or with the first provisional response; no-op after a final one.
   * `reason` is a Reason header value. @throws SIP_ERR_METHOD for another method
   */
  cancel(transaction: ClientTransaction, now: Ms, reason?: string): void {
    if (!transaction.isInvite) throw new E.SipError(E.METHOD, transaction.request.method);
    this.#layer.enter(now, undefined);
    this.#layer.cancel(transaction, reason);
  }

  /**
   * Sends the ACK of a 2xx with a branch of its own. With `invite` it is kept and sent again for each retransmission of
   * that 2xx (UAC); a proxy passes undefined, since it forwards every 2xx and every ACK. @throws SIP_ERR_METHOD
   */
  sendAck(ack: SipRequest, invite: ClientTransaction | undefined, flow: Flow, now: Ms): void {
    if (ack.method !== 'ACK') throw new E.SipError(E.METHOD, ack.method);
    this.#layer.enter(now, undefined);
    if (!ack.headers.has('Max-Forwards')) ack.headers.set('Max-Forwards', '70');
    ack.headers.prepend('Via', viaText(flow, this.#ids.branch()));
    const bytes = serialize(ack, this.#codec);
    if (invite !== undefined) this.#layer.storeAck(invite, ack.headers.to?.tag ?? '', bytes);
    this.#out.transmit(bytes, flow);
  }

  /**
   * Answers a request. To a non-INVITE, provisional responses are the engine's business and 408 only ends the
   * transaction (RFC 4320). Ignored when the transaction ended unanswered.
   * @throws SIP_ERR_TRANSACTION_STATE after a final response, except a proxy's further 2xx
   */
  respond(transaction: ServerTransaction, response: SipResponse, now: Ms, options?: RespondOptions): void {
    this.#layer.enter(now, undefined);
    this.#layer.respond(transaction, response, options?.retransmit2xx !== false);
  }

  /** Sends without a transaction: a request gets a Via with the branch of RFC 3261 §16.11, a response goes as it is. */
  sendStateless(message: SipMessage, flow: Flow, now: Ms): void {
    this.#layer.enter(now, undefined);
    if (message.kind === 'request') message.headers.prepend('Via', viaText(flow, statelessBranch(message)));
    this.#out.transmit(serialize(message, this.#codec), flow);
  }

  /**
   * A connection closed, or a datagram could not be sent: every transaction on the connection gets a transportError
   * event; on a datagram flow, with the `bytes` that were to be transmitted, only the transaction they belong to.
   */
  transportFailed(flow: Flow, error: Error, now: Ms, bytes?: Uint8Array): void {
    this.#layer.enter(now, undefined);
    this.#layer.transportFailed(flow, error, bytes);
  }

  /** Fires every timer due at `now`, in deadline order. */
  advance(now: Ms): void {
    this.#layer.advance(now);
  }

  /** When `advance` must be called next; Infinity when idle. */
  nextTimeout(): Ms {
    return this.#layer.nextTimeout();
  }

  /** What is alive, for leak checks. */
  counts(): EngineCounts {
    return this.#layer.counts();
  }

  #message(message: SipMessage, flow: Flow): void {
    const via = message.headers.via;
    if (via === undefined) return; // parseMessage has checked it
    if (message.kind === 'response') this.#response(message, via, flow);
    else this.#request(message, via, flow);
  }

  #response(response: SipResponse, via: Via, flow: Flow): void {
    const wrong = validateResponse(response);
    if (wrong === undefined) this.#layer.receiveResponse(response, via, flow);
    else this.#drop(wrong, flow);
  }

  #request(request: SipRequest, via: Via, flow: Flow): void {
    const { method } = request;
    const layer = this.#layer;
    const key = serverKey(request, via, method);
    if (method !== 'ACK' && layer.retransmitted(key)) return;
    const wrong = validateRequest(request);
    if (wrong !== undefined) {
      this.#drop(wrong, flow);
      if (method !== 'ACK') this.#answer(request, E.ERRORS[wrong]?.status ?? 400, wrong, flow);
      return;
    }
    if (method === 'ACK') {
      if (layer.receiveAck(request, via)) return;
      stamp(request, via, flow);
      this.#out.event({ type: 'ack', request, flow, transaction: undefined });
      return;
    }
    const replyFlow = this.#replyFlowFor(via, flow);
    if (method === 'CANCEL') {
      const inviteKey = serverKey(request, via, 'INVITE');
      stamp(request, via, flow);
      if (layer.receiveCancel(request, key, inviteKey, replyFlow)) return;
      this.#answer(request, 481, undefined, flow); // RFC 3261 §9.2
      return;
    }
    stamp(request, via, flow);
    layer.receive(request, key, replyFlow);
  }

  // RFC 3261 §8.2, §21.4.1: an answer from whatever could be read; without transaction, so that garbage costs no memory.
  #malformed(result: Extract<ParseResult, { type: 'error' }>, flow: Flow): void {
    this.#drop(result.code, flow);
    const { request, status } = result;
    if (request !== undefined && status !== undefined) this.#answer(request, status, result.code, flow);
  }

  #answer(request: SipRequest, status: number, code: string | undefined, flow: Flow): void {
    const { via } = request.headers;
    const replyFlow = via === undefined ? flow : this.#replyFlowFor(via, flow);
    if (via !== undefined) stamp(request, via, flow);
    const reason = status === 400 && code !== undefined ? E.ERRORS[code]?.message : undefined;
    const response = createResponseFor(request, status, reason ?? reasonPhrase(status), statelessTag(request));
    this.#out.transmit(serialize(response, this.#codec), replyFlow);
  }

  #drop(reason: string, flow: Flow): void {
    this.#out.event({ type: 'drop', reason, flow });
  }

  #replyFlowFor(via: Via, flow: Flow): Flow {
    if (this.#replyFlow === undefined || flow.reliable || via.params.has('rport')) return flow;
    const port = sentByPort(via);
    return port === flow.remotePort ? flow : this.#replyFlow(flow, port);
  }
}

// RFC 3581 §3: over UDP we always ask for the port.
function viaText(flow: Flow, branch: string): string {
  const port = flow.sentByPort === undefined ? '' : `:${flow.sentByPort}`;
  const rport = flow.protocol === 'UDP' ? ';rport' : '';
  return `SIP/2.0/${flow.protocol} ${flow.sentByHost}${port};branch=${branch}${rport}`;
}

// RFC 3261 §18.2.1, RFC 3581 §4: where the request really came from.
function stamp(request: SipRequest, via: Via, flow: Flow): void {
  const wantsPort = via.params.get('rport') === '';
  const host = via.host.charCodeAt(0) === 91 ? via.host.slice(1, -1) : via.host;
  if (!wantsPort && host.toLowerCase() === flow.remoteAddress.toLowerCase()) return;
  const stamped = via.clone();
  stamped.params.set('received', flow.remoteAddress);
  if (wantsPort) stamped.params.set('rport', String(flow.remotePort));
  request.headers.replaceFirst('Via', stamped.toString());
}
