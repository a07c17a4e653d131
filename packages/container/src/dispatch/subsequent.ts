import {
  checkRemoteCSeq,
  createResponseFor,
  type Flow,
  type ServerTransaction,
  type SipRequest,
  updateDialogFromRequest,
} from '@siplet/sip';
import { ContainerRequest } from '../message/request.ts';
import type { SubsequentProxy } from '../proxy/subsequent-proxy.ts';
import type { ContainerSession } from '../session/sip-session.ts';
import type { Kernel } from './kernel.ts';
import type { PoppedRoute } from './routes.ts';

/** Requests inside dialogs (RFC 3261 §12.2.2, JSR 289 §15.6). */
export class SubsequentDispatcher {
  readonly #kernel: Kernel;
  readonly #proxy: SubsequentProxy;

  constructor(kernel: Kernel, proxy: SubsequentProxy) {
    this.#kernel = kernel;
    this.#proxy = proxy;
  }

  /** A request with a To tag, or one whose method is never initial. */
  dispatch(message: SipRequest, transaction: ServerTransaction, flow: Flow, popped: PoppedRoute | undefined): void {
    const session = this.#find(message, popped);
    if (session === undefined) {
      this.#refuse(transaction, 481); // RFC 3261 §12.2.2
      return;
    }
    const request = this.#request(message, session, flow, transaction, popped);
    transaction.owner = request;
    session.opened(request);
    session.hold();
    session.parent.mailbox.enter(
      () => {
        session.release();
        return this.#deliver(request, session);
      },
      () => request.toString(),
      () => this.#kernel.outbound.giveUp(request),
    );
  }

  /** An ACK to a 2xx; late ones are dropped silently. */
  acknowledge(message: SipRequest, flow: Flow, popped: PoppedRoute | undefined): void {
    const session = this.#find(message, popped);
    if (session === undefined) return;
    const request = this.#request(message, session, flow, undefined, popped);
    session.hold();
    session.parent.mailbox.enter(
      () => {
        session.release();
        if (!session.isValid()) return;
        session.touch();
        if (session.data.role === 'proxy') return this.#proxy.acknowledge(request, session);
        request.delivered = true;
        return this.#kernel.invoke(session, request, undefined);
      },
      () => request.toString(),
    );
  }

  #find(message: SipRequest, popped: PoppedRoute | undefined): ContainerSession | undefined {
    const { callId, to, from } = message.headers;
    const local = to?.tag;
    const remote = from?.tag;
    if (callId === undefined || local === undefined || remote === undefined) return undefined;
    const { sessions } = this.#kernel;
    const named = popped?.sessionId === undefined ? undefined : sessions.sipSession(popped.sessionId);
    if (named !== undefined && named.data.role === 'proxy' && named.data.callId === callId) {
      const { proxied } = named.data;
      const calleeTag = proxied?.callerTag === local ? remote : local;
      return sessions.forkOf(named, calleeTag) ?? sessions.byProxiedDialog(callId, local, remote);
    }
    const passing = sessions.byProxiedDialog(callId, local, remote);
    if (popped !== undefined && passing !== undefined) return passing;
    return sessions.byDialog(callId, local, remote) ?? passing ?? this.#early(message, callId, local);
  }

  // RFC 6665 §4.1.2.4: a NOTIFY may come before the 2xx to SUBSCRIBE or REFER
  #early(message: SipRequest, callId: string, localTag: string): ContainerSession | undefined {
    if (message.method !== 'NOTIFY') return undefined;
    const session = this.#kernel.sessions.byHalfDialog(callId, localTag);
    return session !== undefined && session.data.dialog === undefined ? session : undefined;
  }

  #request(
    message: SipRequest,
    session: ContainerSession,
    flow: Flow,
    transaction: ServerTransaction | undefined,
    popped: PoppedRoute | undefined,
  ): ContainerRequest {
    const request = new ContainerRequest({
      kernel: this.#kernel,
      message,
      session,
      incoming: true,
      initial: false,
      flow,
      transaction,
    });
    request.poppedRoute = popped?.text;
    return request;
  }

  #deliver(request: ContainerRequest, session: ContainerSession): void | Promise<void> {
    if (request.answered !== 0) return;
    if (!session.isValid() || session.data.state === 'TERMINATED') {
      this.#kernel.outbound.refuse(request, 481);
      return;
    }
    session.touch();
    if (session.data.role === 'proxy') return this.#proxy.forward(request, session);
    const status = this.#objection(request, session);
    if (status !== undefined) {
      // RFC 3261 §14.2: 500 says when to come back
      this.#kernel.outbound.refuse(request, status, status === 500 ? this.#retryAfter() : undefined);
      return;
    }
    const { dialog } = session.data;
    if (dialog !== undefined) updateDialogFromRequest(dialog, request.message);
    this.#kernel.sessions.bind(session);
    request.delivered = true;
    return this.#kernel.invoke(session, request, undefined);
  }

  #objection(request: ContainerRequest, session: ContainerSession): number | undefined {
    const { dialog } = session.data;
    if (dialog !== undefined && checkRemoteCSeq(dialog, request.message) === 'stale') return 500; // RFC 3261 §12.2.2
    if (request.getMethod() !== 'INVITE') return undefined;
    for (const open of session.open) {
      if (open === request || open.getMethod() !== 'INVITE') continue;
      return open.incoming ? 500 : 491; // RFC 3261 §14.2
    }
    return undefined;
  }

  #retryAfter(): number {
    return (this.#kernel.random.bytes(1)[0] ?? 0) % 11; // 0 to 10 seconds
  }

  #refuse(transaction: ServerTransaction, status: number): void {
    const tag = transaction.request.headers.to?.tag === undefined ? this.#kernel.host.ids.tag() : undefined;
    this.#kernel.host.respond(transaction, createResponseFor(transaction.request, status, undefined, tag));
  }
}
