import { createResponseFor, type Flow, nextHop, SipUri, type Uri } from '@siplet/sip';
import { transportFailed } from '../sip-errors.ts';
import { setContact } from '../message/contact.ts';
import type { ContainerRequest } from '../message/request.ts';
import type { ContainerResponse } from '../message/response.ts';
import { isPromise } from '../session/chain.ts';
import { afterSentResponse } from '../session/dialog-rules.ts';
import { traitsOf } from '../session/methods.ts';
import type { ContainerSession } from '../session/sip-session.ts';
import type { Output } from '../session/unit-of-work.ts';
import { isInvalidName } from './flow-book.ts';
import type { Kernel } from './kernel.ts';

/** A contact that only its connection reaches: RFC 7118 §5 and the `.invalid` names of RFC 2606 in browser contacts. */
export function isReachedByFlowOnly(uri: Uri): boolean {
  if (!(uri instanceof SipUri)) return false;
  const transport = uri.params.get('transport')?.toLowerCase();
  return transport === 'ws' || transport === 'wss' || isInvalidName(uri.host);
}

/** Everything that leaves: requests to their flow, responses to their transaction. */
export class Outbound {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** A request of the application: its session learns of it now, the wire with the unit of work. */
  sendRequest(request: ContainerRequest, session: ContainerSession): Promise<void> {
    request.committed = true;
    const method = request.getMethod();
    if (method === 'ACK') return session.parent.outputs.push({ kind: 'ack', request });
    if (method === 'CANCEL') return session.parent.outputs.push({ kind: 'cancel', request });
    session.opened(request);
    return session.parent.outputs.push({ kind: 'request', request });
  }

  /** A response of the application. */
  sendResponse(response: ContainerResponse): Promise<void> {
    const { request, session } = response;
    const { status } = response.message;
    response.done = true;
    if (request.role === 'open' && status > 100) request.role = 'agent';
    if (status >= 200) {
      request.answered = status;
      request.finalResponse = response;
    }
    if (request.proxy?.isStarted !== true) {
      afterSentResponse(session.data, request.message, status, request.initial);
      this.#kernel.sessions.bind(session);
    }
    const sent = session.parent.outputs.push({ kind: 'response', response });
    if (status >= 200) this.#finished(request, session);
    return sent;
  }

  /** Hands an output over; the runtime gives this to every output buffer. */
  deliver(output: Output): void | Promise<void> {
    switch (output.kind) {
      case 'request':
        return this.#deliverRequest(output.request);
      case 'ack':
        return this.#deliverAck(output.request);
      case 'cancel':
        return this.#deliverCancel(output.request);
      case 'response':
        return this.#deliverResponse(output.response);
      case 'proxied':
        return output.send();
    }
  }

  /** The flow of a request: pinned, learned (WebSocket), or found by its next hop. Throws or rejects when there is none. */
  flowFor(request: ContainerRequest): Flow | Promise<Flow> {
    const data = request.session?.data;
    const pinned = request.flowToken ?? (data?.flowPinned === true ? data.flow : undefined);
    if (pinned !== undefined) return this.#flowByToken(pinned);
    const hop = nextHop(request.message);
    if (data?.flow !== undefined && isReachedByFlowOnly(hop)) return this.#flowByToken(data.flow);
    return this.flowToHop(hop);
  }

  /** The flow to a next hop. */
  flowToHop(hop: Uri): Flow | Promise<Flow> {
    if (!(hop instanceof SipUri)) throw new Error(`no route to a ${hop.scheme} URI`);
    if (isReachedByFlowOnly(hop)) return this.#connectionOf(hop);
    return this.#kernel.host.flowTo(hop);
  }

  /** The session ends: what it sent is cancelled, what it has not answered is refused, so that nothing waits for ever. */
  abandon(request: ContainerRequest): void {
    if (request.incoming) {
      this.refuse(request, 500);
      request.proxy?.abandon();
      request.relay?.cancel(undefined);
      return;
    }
    request.cancelled = true;
    const transaction = request.clientTransaction;
    if (request.answered === 0 && request.getMethod() === 'INVITE' && transaction !== undefined) {
      this.#kernel.host.cancel(transaction);
    }
  }

  /** The handler of a request does not settle: whoever waits for an answer gets a 500, once. */
  giveUp(request: ContainerRequest): void {
    if (request.proxy?.isStarted === true || request.relay !== undefined) return; // the branches answer
    this.refuse(request, 500);
  }

  /** The container itself answers a request finally; true when nobody had. */
  refuse(request: ContainerRequest, status: number, retryAfter?: number): boolean {
    if (request.answered !== 0 || request.serverTransaction === undefined) return false;
    request.answered = status;
    const session = request.session;
    const tag =
      request.message.headers.to?.tag === undefined
        ? (session?.data.localTag ?? this.#kernel.host.ids.tag())
        : undefined;
    const message = createResponseFor(request.message, status, undefined, tag);
    if (retryAfter !== undefined) message.headers.set('Retry-After', String(retryAfter));
    if (session !== undefined && request.proxy?.isStarted !== true && request.relay === undefined) {
      afterSentResponse(session.data, request.message, status, request.initial);
    }
    this.#kernel.host.respond(request.serverTransaction, message);
    request.detach();
    session?.closed(request);
    return true;
  }

  #finished(request: ContainerRequest, session: ContainerSession): void {
    session.closed(request);
    request.proxy?.answeredByApplication();
    // RFC 3261 §15.1.2: a BYE ends an INVITE that is still open
    if (request.getMethod() !== 'BYE') return;
    for (const open of session.open.slice()) {
      if (open.incoming && open.getMethod() === 'INVITE') this.refuse(open, 487);
    }
  }

  #deliverRequest(request: ContainerRequest): void | Promise<void> {
    try {
      const flow = this.flowFor(request);
      if (!isPromise(flow)) {
        this.#transmit(request, flow);
        return;
      }
      return flow.then(
        (found) => this.#transmit(request, found),
        (error: unknown) => this.fail(request, error),
      );
    } catch (error) {
      this.fail(request, error);
    }
  }

  #transmit(request: ContainerRequest, flow: Flow): void {
    if (request.cancelled) {
      this.#kernel.client.locally(request, 487); // cancelled before it could leave
      return;
    }
    try {
      if (traitsOf(request.getMethod()).hasContact) setContact(request.message, this.#kernel.host, flow);
      request.wireFlow = flow;
      request.clientTransaction = this.#kernel.host.send(request.message, flow, {
        owner: this.#kernel.client.userOf(request),
      });
    } catch (error) {
      this.fail(request, error);
    }
  }

  /** No flow: the application gets the 503 that RFC 3261 §8.1.3.1 prescribes. */
  fail(request: ContainerRequest, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    const failure = transportFailed.because(error, request.getMethod(), request.message.uriText, text);
    this.#kernel.logger.info({ err: failure, code: failure.code }, failure.message);
    this.#kernel.client.locally(request, 503);
  }

  #deliverAck(ack: ContainerRequest): void | Promise<void> {
    const send = (flow: Flow): void => {
      ack.wireFlow = flow;
      this.#kernel.host.sendAck(ack.message, ack.invite?.clientTransaction, flow);
    };
    const failed = (error: unknown): void => this.#ackFailed(ack, error);
    try {
      const flow = this.flowFor(ack);
      if (isPromise(flow)) return flow.then(send).catch(failed);
      send(flow);
    } catch (error) {
      failed(error);
    }
  }

  // An ACK has no response; the peer will repeat its 2xx and give up (RFC 3261 §13.3.1.4).
  #ackFailed(ack: ContainerRequest, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    const failure = transportFailed.because(error, 'ACK', ack.message.uriText, text);
    this.#kernel.logger.info({ err: failure, code: failure.code }, failure.message);
  }

  #deliverCancel(cancel: ContainerRequest): void {
    const invite = cancel.invite;
    if (invite === undefined) return;
    const transaction = invite.clientTransaction;
    if (transaction === undefined) {
      invite.cancelled = true;
      return;
    }
    this.#kernel.host.cancel(transaction, cancel.message.headers.get('Reason'));
  }

  #deliverResponse(response: ContainerResponse): void {
    const { request, message } = response;
    if (request.serverTransaction === undefined) return;
    response.wireFlow = request.wireFlow;
    this.#kernel.host.respond(request.serverTransaction, message, RESPOND);
    const { status } = message;
    const awaitsAck = request.getMethod() === 'INVITE' && status >= 200 && status < 300;
    if (status >= 200 && !awaitsAck) request.detach();
  }

  #connectionOf(hop: SipUri): Flow {
    const token = this.#kernel.flows.tokenOf(hop.host);
    if (token === undefined) throw new Error(`no connection of ${hop.host} is known`);
    return this.#flowByToken(token);
  }

  #flowByToken(token: string): Flow {
    const flow = this.#kernel.host.flowById(token);
    if (flow === undefined) throw new Error('its connection is closed');
    return flow;
  }
}

const RESPOND = { retransmit2xx: true };
