import type { Proxy, ProxyBranch, SipApplicationSession, SipServletRequest, SipSession } from '@siplet/api';
import { type Flow as CoreFlow, parseChallenges, type SipResponse } from '@siplet/sip';
import { toApplication } from '../address/text.ts';
import type { Kernel } from '../dispatch/kernel.ts';
import { alreadyAnswered, badStatus, committed, noAck, notARequestOfOurs, sessionInvalid } from '../sip-errors.ts';
import type { ContainerSession } from '../session/sip-session.ts';
import { illegalArgument, illegalState } from './illegal.ts';
import type { ContainerRequest } from './request.ts';
import { ResponseBase } from './response-base.ts';

/** How a {@link ContainerResponse} came to be. */
export interface ResponseParts {
  readonly kernel: Kernel;
  readonly message: SipResponse;
  readonly request: ContainerRequest;
  readonly session: ContainerSession;
  /** True for a response that a peer sent, or that stands for one (408, 503). */
  readonly incoming: boolean;
  readonly flow?: CoreFlow | undefined;
  /** The branch that received it. */
  readonly branch?: ProxyBranch | undefined;
  /** True when the proxy has not (yet) chosen it as its answer. */
  readonly branchOnly?: boolean | undefined;
}

/** The container's `SipServletResponse`. */
export class ContainerResponse extends ResponseBase {
  readonly kernel: Kernel;
  readonly request: ContainerRequest;
  readonly session: ContainerSession;
  readonly incoming: boolean;
  readonly branch: ProxyBranch | undefined;
  readonly branchOnly: boolean;
  /** Sent, forwarded upstream, or acknowledged. */
  done = false;

  constructor(parts: ResponseParts) {
    super(parts.message, parts.flow);
    this.kernel = parts.kernel;
    this.request = parts.request;
    this.session = parts.session;
    this.incoming = parts.incoming;
    this.branch = parts.branch;
    this.branchOnly = parts.branchOnly ?? false;
    this.initialFlow = parts.request.initialFlow ?? parts.flow;
  }

  get partiesMayChange(): boolean {
    return false;
  }

  protected get flows(): Kernel['host'] {
    return this.kernel.host;
  }

  getMethod(): string {
    return this.request.getMethod();
  }

  getStatus(): number {
    return this.message.status;
  }

  setStatus(status: number, reasonPhrase?: string): void {
    this.part.assertMutable('setStatus');
    if (!Number.isInteger(status) || status < 100 || status > 699) throw illegalArgument(badStatus, status);
    this.message.status = status;
    this.message.reason = reasonPhrase ?? this.kernel.messages.reason(status);
  }

  getReasonPhrase(): string {
    return toApplication(this.message.reason);
  }

  getRequest(): SipServletRequest {
    return this.request;
  }

  createAck(): SipServletRequest {
    const { status } = this.message;
    if (!this.incoming || this.branch !== undefined) throw illegalState(noAck, 'it was not received as a client');
    if (this.getMethod() !== 'INVITE') throw illegalState(noAck, `it answers a ${this.getMethod()}`);
    if (status < 200 || status > 299) throw illegalState(noAck, `its status is ${status}`);
    if (this.done) throw illegalState(noAck, 'its ACK exists already');
    if (!this.session.isValid()) throw illegalState(sessionInvalid, 'createAck', this.session.data.id);
    const ack = this.kernel.messages.ack(this);
    this.done = true;
    return ack;
  }

  *getChallengeRealms(): IterableIterator<string> {
    const name = this.message.status === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate';
    for (const value of this.message.headers.getAll(name)) {
      for (const challenge of parseChallenges(value)) yield toApplication(challenge.realm);
    }
  }

  getProxy(): Proxy | undefined {
    return this.branch?.getProxy();
  }

  getProxyBranch(): ProxyBranch | undefined {
    return this.branch;
  }

  isBranchResponse(): boolean {
    return this.branchOnly;
  }

  /** A received INVITE 2xx counts as committed once its ACK exists, other received responses at once (JSR 289 §5.2). */
  isCommitted(): boolean {
    if (this.done || !this.incoming) return this.done;
    if (this.branch !== undefined) return false; // a supervising proxy may change it until it is forwarded
    return !(this.getMethod() === 'INVITE' && this.message.status >= 200 && this.message.status < 300);
  }

  getSession(): SipSession;
  getSession(create: boolean): SipSession | undefined;
  getSession(): SipSession {
    return this.session;
  }

  getApplicationSession(): SipApplicationSession;
  getApplicationSession(create: boolean): SipApplicationSession | undefined;
  getApplicationSession(): SipApplicationSession {
    return this.session.parent;
  }

  getRemoteUser(): string | undefined {
    return undefined;
  }

  send(): Promise<void> {
    if (this.incoming) throw illegalState(notARequestOfOurs, 'send');
    if (this.done) throw illegalState(committed, 'send');
    const { request } = this;
    if (request.answered !== 0) throw illegalState(alreadyAnswered, request.getMethod(), request.answered);
    return this.kernel.outbound.sendResponse(this);
  }

  toString(): string {
    const { headers } = this.message;
    const text = `${this.message.status} ${this.message.reason} ${headers.get('CSeq') ?? ''} ${headers.callId ?? ''}`;
    return toApplication(text);
  }
}
