import { type ClientTransaction, type Flow, nextHop, type SipRequest, type SipResponse } from '@siplet/sip';
import type { Kernel } from '../dispatch/kernel.ts';
import { isReachedByFlowOnly } from '../dispatch/outbound.ts';
import type { TransactionUser } from '../dispatch/transaction-user.ts';
import type { ContainerRequest, Relay } from '../message/request.ts';
import { chain, isPromise } from '../session/chain.ts';
import { hasUsage } from '../session/session-data.ts';
import type { ContainerSession } from '../session/sip-session.ts';
import { addRecordRoute, takesRecordRoute } from './record-route.ts';

const AS_PROXY = { retransmit2xx: false };

/** Requests inside dialogs that we record-routed: the servlet sees them, then they go on. */
export class SubsequentProxy {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Shows the request to the servlet and forwards it unless the servlet answered. */
  forward(request: ContainerRequest, session: ContainerSession): void | Promise<void> {
    request.role = 'proxy';
    request.committed = true;
    request.delivered = true;
    if (request.getMaxForwards() === 0) {
      this.#kernel.outbound.refuse(request, 483); // RFC 3261 §16.3
      return;
    }
    const relay = new RelayedRequest(this.#kernel, request, session);
    request.relay = relay;
    const seen = this.#show(request, session);
    return chain(seen, () => {
      if (request.answered === 0) return relay.send();
    });
  }

  /** Forwards the ACK of a 2xx, without transaction. */
  acknowledge(ack: ContainerRequest, session: ContainerSession): void | Promise<void> {
    ack.role = 'proxy';
    if (ack.getMaxForwards() === 0) return;
    const seen = this.#show(ack, session);
    return chain(seen, () => session.parent.outputs.emit({ kind: 'proxied', send: () => this.#sendAck(ack, session) }));
  }

  #sendAck(ack: ContainerRequest, session: ContainerSession): void | Promise<void> {
    const message = forwardable(ack);
    const send = (flow: Flow): void => this.#kernel.host.sendStateless(message, flow);
    const failed = (error: unknown): void => this.#kernel.logger.info({ err: error }, 'ACK could not be forwarded');
    try {
      const flow = flowTowards(this.#kernel, session, message);
      if (isPromise(flow)) return flow.then(send).catch(failed);
      return send(flow);
    } catch (error) {
      return failed(error);
    }
  }

  #show(request: ContainerRequest, session: ContainerSession): void | Promise<void> {
    if (session.data.proxied?.supervised === false) return;
    return this.#kernel.invoke(session, request, undefined);
  }
}

// RFC 3261 §16.6: a copy with one hop less; our Route is off already
function forwardable(request: ContainerRequest): SipRequest {
  const message = request.message.clone();
  message.headers.set('Max-Forwards', String(request.getMaxForwards() - 1));
  return message;
}

/** The flow to the other side of a proxied dialog: its connection when nothing else reaches it. */
function flowTowards(kernel: Kernel, session: ContainerSession, message: SipRequest): Flow | Promise<Flow> {
  const hop = nextHop(message);
  const { proxied } = session.data;
  const toCallee = message.headers.from?.tag === proxied?.callerTag;
  const token = toCallee ? proxied?.calleeFlow : proxied?.callerFlow;
  const pinned = toCallee && proxied?.calleePinned === true;
  if (token !== undefined && (pinned || isReachedByFlowOnly(hop))) {
    const flow = kernel.host.flowById(token);
    if (flow !== undefined) return flow;
    if (!pinned) throw new Error('its connection is closed');
  }
  return kernel.outbound.flowToHop(hop);
}

/** One subsequent request on its way through. */
class RelayedRequest implements Relay, TransactionUser {
  readonly #kernel: Kernel;
  readonly #request: ContainerRequest;
  readonly #session: ContainerSession;
  readonly #forwarded2xx = new Set<string>();
  #transaction: ClientTransaction | undefined = undefined;
  #cancelled = false;
  #reason: string | undefined = undefined;

  constructor(kernel: Kernel, request: ContainerRequest, session: ContainerSession) {
    this.#kernel = kernel;
    this.#request = request;
    this.#session = session;
  }

  send(): void | Promise<void> {
    return this.#session.parent.outputs.emit({ kind: 'proxied', send: () => this.#send() });
  }

  #send(): void | Promise<void> {
    const message = forwardable(this.#request);
    try {
      const flow = flowTowards(this.#kernel, this.#session, message);
      if (!isPromise(flow)) {
        this.#transmit(message, flow);
        return;
      }
      return flow.then(
        (found) => this.#transmit(message, found),
        () => this.#local(503),
      );
    } catch {
      this.#local(503);
    }
  }

  cancel(reason: string | undefined): void {
    this.#cancelled = true;
    this.#reason = reason;
    if (this.#transaction?.isInvite === true) this.#kernel.host.cancel(this.#transaction, reason);
  }

  onResponse(response: SipResponse, flow: Flow | undefined): void {
    const { status } = response;
    if (status === 100) return;
    if (status >= 200 && status < 300 && this.#forwarded2xx.has(response.headers.to?.tag ?? '')) {
      this.#upstream(response, false);
      return;
    }
    this.#enter(response, flow, false);
  }

  onTimeout(): void {
    this.#local(408);
  }

  onTransportError(): void {
    this.#local(503);
  }

  onTerminated(): void {}

  #local(status: number): void {
    // RFC 3261 §16.7 step 6: 503 becomes 500
    const upstream = status === 503 ? 500 : status;
    this.#enter(this.#kernel.messages.local(this.#request, upstream), undefined, true);
  }

  #enter(response: SipResponse, flow: Flow | undefined, local: boolean): void {
    const session = this.#session;
    session.hold();
    session.parent.mailbox.enter(
      () => {
        session.release();
        return this.#receive(response, flow, local);
      },
      () => `${response.status} to ${this.#request.getMethod()}`,
    );
  }

  #receive(message: SipResponse, flow: Flow | undefined, local: boolean): void | Promise<void> {
    const { status } = message;
    const request = this.#request;
    if (request.answered !== 0 && !(status >= 200 && status < 300)) return;
    if (status >= 200) request.answered = status;
    this.#updateState(status);
    const session = this.#session;
    const shown =
      session.isValid() && session.data.proxied?.supervised !== false
        ? this.#kernel.invoke(session, undefined, this.#kernel.messages.received(request, message, session, flow))
        : undefined;
    return chain(shown, () => {
      this.#upstream(message, local);
      if (status < 200) return;
      if (status < 300) this.#forwarded2xx.add(message.headers.to?.tag ?? '');
      request.detach();
      session.closed(request);
    });
  }

  // A BYE ends the dialog whatever its answer, except a challenge.
  #updateState(status: number): void {
    const { data } = this.#session;
    if (this.#request.getMethod() !== 'BYE' || status < 200 || status === 401 || status === 407) return;
    data.inviteUsage = false;
    if (!hasUsage(data)) data.state = 'TERMINATED';
  }

  #transmit(message: SipRequest, flow: Flow): void {
    const inbound = this.#request.wireFlow;
    const { data } = this.#session;
    if (inbound !== undefined && takesRecordRoute(message.method) && data.proxied?.recordRoute === true) {
      addRecordRoute(message, this.#kernel.host, inbound, flow, data.parentId ?? data.id, undefined);
    }
    try {
      this.#transaction = this.#kernel.host.send(message, flow, { owner: this });
    } catch {
      this.#local(503);
      return;
    }
    if (this.#cancelled && this.#transaction.isInvite) this.#kernel.host.cancel(this.#transaction, this.#reason);
  }

  #upstream(message: SipResponse, local: boolean): void {
    const { serverTransaction } = this.#request;
    if (serverTransaction === undefined) return;
    const response = local ? message : message.clone();
    if (!local) response.headers.removeFirst('Via');
    const send = (): void => this.#kernel.host.respond(serverTransaction, response, AS_PROXY);
    void this.#session.parent.outputs.emit({ kind: 'proxied', send });
  }
}
