import { createAck, createDialogRequest, dialogFromResponse, type Flow, SipError, type SipResponse } from '@siplet/sip';
import type { ContainerRequest } from '../message/request.ts';
import { afterReceivedResponse, fallBack, terminate } from '../session/dialog-rules.ts';
import { traitsOf } from '../session/methods.ts';
import type { ContainerSession } from '../session/sip-session.ts';
import type { Kernel } from './kernel.ts';
import type { TransactionUser } from './transaction-user.ts';

/** Responses to requests that applications sent (RFC 3261 §8.1.3, §13.2.2). */
export class UserAgentClient {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** The transaction user of a request. */
  userOf(request: ContainerRequest): TransactionUser {
    return new RequestUser(this, request);
  }

  /** A response made here: 408, 503, or 487 for a request that was cancelled before it left. */
  locally(request: ContainerRequest, status: number): void {
    this.response(request, this.#kernel.messages.local(request, status), undefined, false);
  }

  /** A response arrived. 100 is hop by hop; repeated 2xx were acknowledged by the engine. */
  response(request: ContainerRequest, message: SipResponse, flow: Flow | undefined, retransmission: boolean): void {
    if (retransmission || message.status === 100) return;
    const session = request.requireSession();
    session.hold();
    session.parent.mailbox.enter(
      () => {
        session.release();
        return this.#receive(request, session, message, flow);
      },
      () => `${message.status} to ${request.getMethod()}`,
    );
  }

  /** The client transaction is gone: early dialogs that got no final response are over (RFC 3261 §13.2.2.4). */
  terminated(request: ContainerRequest): void {
    const session = request.requireSession();
    session.forget(request);
    if (!request.initial || !session.isValid() || !traitsOf(request.getMethod()).createsDialog) return;
    const family = [session, ...this.#kernel.sessions.derivedOf(session)];
    for (const member of family) {
      if (member.data.state !== 'EARLY') continue;
      if (member.data.parentId === undefined && request.answered >= 300) continue; // it fell back already
      terminate(member.data);
      member.parent.changed();
    }
  }

  #receive(
    request: ContainerRequest,
    original: ContainerSession,
    message: SipResponse,
    flow: Flow | undefined,
  ): void | Promise<void> {
    const { status } = message;
    const isInvite2xx = request.getMethod() === 'INVITE' && status >= 200 && status < 300;
    if (!original.isValid() && !this.#hasLiveFork(original)) {
      if (isInvite2xx) this.#hangUp(request, message, flow);
      return;
    }
    const session = this.#sessionFor(request, original, message);
    if (session === undefined || !session.isValid()) {
      if (isInvite2xx) this.#hangUp(request, message, flow);
      return;
    }
    this.#update(request, session, message, flow);
    if (status >= 200 && request.answered === 0) this.#final(request, original, status);
    session.touch();
    const response = this.#kernel.messages.received(request, message, session, flow);
    response.wireFlow = flow;
    if (isInvite2xx) session.owes(response);
    return this.#kernel.invoke(session, undefined, response);
  }

  #hasLiveFork(original: ContainerSession): boolean {
    for (const fork of this.#kernel.sessions.derivedOf(original)) if (fork.isValid()) return true;
    return false;
  }

  /** The session of the dialog that this response belongs to (JSR 289 §6.2.3). */
  #sessionFor(
    request: ContainerRequest,
    original: ContainerSession,
    message: SipResponse,
  ): ContainerSession | undefined {
    const tag = message.headers.to?.tag;
    const inDialog = !request.initial || !traitsOf(request.getMethod()).createsDialog;
    if (inDialog || tag === undefined || message.status >= 300) return original;
    const { sessions } = this.#kernel;
    const known = sessions.forkOf(original, tag);
    if (known !== undefined) return known;
    if (original.data.dialog === undefined) return original.isValid() ? original : undefined;
    return sessions.derive(original, tag);
  }

  #update(request: ContainerRequest, session: ContainerSession, message: SipResponse, flow: Flow | undefined): void {
    const { data } = session;
    // State before callback.
    try {
      afterReceivedResponse(data, request.message, message, request.initial);
    } catch (error) {
      if (!(error instanceof SipError)) throw error; // a Contact that cannot be read refreshes nothing
    }
    // A 2xx without Contact breaks RFC 3261 §13.3.1; its sender is then where the INVITE went.
    if (data.dialog !== undefined) data.dialog.remoteTarget ??= request.message.uriText;
    if (flow?.reliable === true && !data.flowPinned) data.flow = flow.id;
    this.#kernel.sessions.bind(session);
  }

  #final(request: ContainerRequest, original: ContainerSession, status: number): void {
    request.answered = status;
    // Further 2xx may follow a 2xx to INVITE, nothing follows other finals.
    if (status >= 300 || request.getMethod() !== 'INVITE') request.detach();
    original.closed(request);
    if (status < 300 || !request.initial) return;
    // RFC 3261 §13.2.2.3: all early dialogs end with a non-2xx final
    for (const fork of this.#kernel.sessions.derivedOf(original)) {
      fallBack(fork.data);
      this.#kernel.sessions.bind(fork);
    }
  }

  /** A 2xx for a call that the application has given up: acknowledge and end it (RFC 3261 §13.2.2.4). */
  #hangUp(request: ContainerRequest, message: SipResponse, flow: Flow | undefined): void {
    const out = flow ?? request.wireFlow;
    if (out === undefined) return;
    const dialog = dialogFromResponse(request.message, message);
    const { host } = this.#kernel;
    host.sendAck(createAck(request.message, message, dialog), request.clientTransaction, out);
    const bye = createDialogRequest(dialog, 'BYE');
    if (bye.headers.maxForwards === undefined) bye.headers.set('Max-Forwards', '70');
    host.send(bye, out);
  }
}

/** Routes the events of one client transaction to the client; the slot that the engine keeps for us. */
class RequestUser implements TransactionUser {
  readonly #client: UserAgentClient;
  readonly #request: ContainerRequest;

  constructor(client: UserAgentClient, request: ContainerRequest) {
    this.#client = client;
    this.#request = request;
  }

  onResponse(response: SipResponse, flow: Flow | undefined, retransmission: boolean): void {
    this.#client.response(this.#request, response, flow, retransmission);
  }

  onTimeout(): void {
    this.#client.locally(this.#request, 408);
  }

  onTransportError(): void {
    this.#client.locally(this.#request, 503);
  }

  onTerminated(): void {
    this.#client.terminated(this.#request);
  }
}
