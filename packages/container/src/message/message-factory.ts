import type { AuthInfo, ProxyBranch, SipServletResponse } from '@siplet/api';
import {
  createAck,
  createDialogRequest,
  createResponseFor,
  type Flow,
  Headers,
  reasonPhrase,
  SipRequest,
  type SipResponse,
} from '@siplet/sip';
import { toCore } from '../address/text.ts';
import { addAuthHeader } from '../auth/client-auth.ts';
import type { Kernel } from '../dispatch/kernel.ts';
import { noAck, noCancel, sessionState } from '../sip-errors.ts';
import { traitsOf } from '../session/methods.ts';
import type { ContainerSession } from '../session/sip-session.ts';
import { addProvisionalContact, setContact } from './contact.ts';
import { illegalState } from './illegal.ts';
import { ContainerRequest } from './request.ts';
import { ContainerResponse } from './response.ts';

/** Makes the container's messages; the only place where requests and responses know how to make each other. */
export class MessageFactory {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** A response to a received request, for the session it belongs to (or a fork of it). */
  response(
    request: ContainerRequest,
    status: number,
    reason: string | undefined,
    session: ContainerSession = request.requireSession(),
  ): ContainerResponse {
    const tag = status > 100 && request.message.headers.to?.tag === undefined ? session.data.localTag : undefined;
    const message = createResponseFor(request.message, status, reason === undefined ? undefined : toCore(reason), tag);
    const withContact = traitsOf(request.getMethod()).hasContact && status > 100 && status < 300;
    if (withContact && request.wireFlow !== undefined) setContact(message, this.#kernel.host, request.wireFlow);
    return new ContainerResponse({ kernel: this.#kernel, message, request, session, incoming: false });
  }

  /** A response that a peer sent. */
  received(
    request: ContainerRequest,
    message: SipResponse,
    session: ContainerSession,
    flow: Flow | undefined,
    branch?: ProxyBranch,
    branchOnly?: boolean,
  ): ContainerResponse {
    return new ContainerResponse({
      kernel: this.#kernel,
      message,
      request,
      session,
      incoming: true,
      flow,
      branch,
      branchOnly,
    });
  }

  /** The response that stands for a timeout (408) or a broken transport (503) (RFC 3261 §8.1.3.1). */
  local(request: ContainerRequest, status: number): SipResponse {
    return createResponseFor(request.message, status, undefined, undefined);
  }

  /** A request in a session: inside its dialog, or another attempt with the same Call-ID and From tag. */
  inSession(session: ContainerSession, method: string): ContainerRequest {
    const { data } = session;
    const initial = data.dialog === undefined;
    const message = data.dialog === undefined ? this.#again(session, method) : createDialogRequest(data.dialog, method);
    if (message.headers.maxForwards === undefined) message.headers.set('Max-Forwards', '70');
    if (traitsOf(method).hasContact) addProvisionalContact(message, this.#kernel.host);
    return new ContainerRequest({ kernel: this.#kernel, message, session, incoming: false, initial });
  }

  /** The CANCEL of an INVITE: its Request-URI, Call-ID, From, To, CSeq number and Route (RFC 3261 §9.1). */
  cancel(invite: ContainerRequest): ContainerRequest {
    const from = invite.message.headers;
    const headers = new Headers();
    for (const name of ['From', 'To', 'Call-ID']) headers.set(name, from.get(name) ?? '');
    const cseq = from.cseq;
    if (cseq === undefined) throw illegalState(noCancel, 'it has no CSeq');
    headers.set('CSeq', `${cseq.number} CANCEL`);
    headers.set('Max-Forwards', '70');
    if (from.has('Route')) headers.setAll('Route', from.getAll('Route'));
    const message = new SipRequest('CANCEL', invite.message.uriText, headers);
    const session = invite.requireSession();
    return new ContainerRequest({ kernel: this.#kernel, message, session, incoming: false, initial: false, invite });
  }

  /** The ACK of a 2xx (RFC 3261 §13.2.2.4). */
  ack(response: ContainerResponse): ContainerRequest {
    const { session, request } = response;
    const { dialog } = session.data;
    if (dialog === undefined) throw illegalState(noAck, 'there is no dialog');
    const message = createAck(request.message, response.message, dialog);
    return new ContainerRequest({
      kernel: this.#kernel,
      message,
      session,
      incoming: false,
      initial: false,
      invite: request,
    });
  }

  /** The reason phrase of a status. */
  reason(status: number): string {
    return reasonPhrase(status);
  }

  /** Answers a challenge on a request that is not sent yet. */
  authenticate(
    request: ContainerRequest,
    response: SipServletResponse,
    first: AuthInfo | string,
    password: string | undefined,
  ): void {
    addAuthHeader(this.#kernel, request, response, first, password);
  }

  #again(session: ContainerSession, method: string): SipRequest {
    const { data } = session;
    if (data.requestUri === undefined) throw illegalState(sessionState, method, 'there is no dialog');
    data.localCSeq++;
    const headers = new Headers();
    headers.set('From', data.localParty);
    headers.set('To', data.remoteParty);
    headers.set('Call-ID', data.callId);
    headers.set('CSeq', `${data.localCSeq} ${method}`);
    headers.set('Max-Forwards', '70');
    if (data.routes.length > 0) headers.setAll('Route', data.routes);
    return new SipRequest(method, data.requestUri, headers);
  }
}
