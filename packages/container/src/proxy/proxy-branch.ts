import {
  type Flow as FlowNoun,
  ProxyBranch,
  type SipServletRequest,
  type SipServletResponse,
  type SipURI,
} from '@siplet/api';
import type { ClientTransaction, Flow, SipResponse } from '@siplet/sip';
import type { Kernel } from '../dispatch/kernel.ts';
import type { TransactionUser } from '../dispatch/transaction-user.ts';
import { noRecordRoute, proxyArgument, proxyStarted, transportFailed } from '../sip-errors.ts';
import { illegalArgument, illegalState } from '../message/illegal.ts';
import { ContainerRequest } from '../message/request.ts';
import type { ContainerResponse } from '../message/response.ts';
import { isPromise } from '../session/chain.ts';
import type { ArmedTimer } from '../session/timers.ts';
import type { ContainerProxy } from './proxy.ts';
import { addRecordRoute, takesRecordRoute } from './record-route.ts';

/** RFC 3261 §16.6 step 11: more than three minutes. */
const TIMER_C_MS = 181_000;

/** One target of a proxy: a client transaction and what came of it. */
export class ContainerBranch extends ProxyBranch implements TransactionUser {
  readonly request: ContainerRequest;
  readonly parent: ContainerProxy;
  /** The branch whose 3xx named this target. */
  readonly origin: ContainerBranch | undefined;
  readonly recursed: ContainerBranch[] = [];
  /** Final response of this branch; what `local` is was made here. */
  final: { message: SipResponse; local: boolean } | undefined = undefined;
  lastResponse: ContainerResponse | undefined = undefined;
  /** Its Contacts answer in its place (RFC 3261 §16.7 step 4). */
  retired = false;
  timeoutSeconds: number;
  recordRoute: boolean;
  recurse: boolean;
  readonly #kernel: Kernel;
  readonly #forwarded2xx = new Set<string>();
  #started = false;
  #provisional = false;
  #cancelled = false;
  #timedOut = false;
  #transaction: ClientTransaction | undefined = undefined;
  #timerC: ArmedTimer | undefined = undefined;

  constructor(kernel: Kernel, parent: ContainerProxy, request: ContainerRequest, origin: ContainerBranch | undefined) {
    super();
    this.#kernel = kernel;
    this.parent = parent;
    this.request = request;
    this.origin = origin;
    this.timeoutSeconds = parent.getProxyTimeout();
    this.recordRoute = parent.getRecordRoute();
    this.recurse = parent.getRecurse();
  }

  getProxy(): ContainerProxy {
    return this.parent;
  }

  getRequest(): SipServletRequest {
    return this.request;
  }

  getResponse(): SipServletResponse | undefined {
    return this.lastResponse;
  }

  isStarted(): boolean {
    return this.#started;
  }

  cancel(protocol?: readonly string[], reasonCode?: readonly number[], reasonText?: readonly string[]): void {
    this.cancelWith(reasonValue(protocol, reasonCode, reasonText));
  }

  getRecursedProxyBranches(): ProxyBranch[] {
    return [...this.recursed];
  }

  getProxyBranchTimeout(): number {
    return this.timeoutSeconds;
  }

  setProxyBranchTimeout(seconds: number): void {
    this.#assertNotStarted('setProxyBranchTimeout');
    if (!(seconds > 0)) throw illegalArgument(proxyArgument, 'setProxyBranchTimeout', seconds);
    this.timeoutSeconds = seconds;
  }

  getRecordRoute(): boolean {
    return this.recordRoute;
  }

  setRecordRoute(recordRoute: boolean): void {
    this.#assertNotStarted('setRecordRoute');
    this.recordRoute = recordRoute;
  }

  getRecordRouteURI(): SipURI {
    if (!this.recordRoute) throw illegalState(noRecordRoute);
    return this.parent.recordRouteUri();
  }

  getRecurse(): boolean {
    return this.recurse;
  }

  setRecurse(recurse: boolean): void {
    this.recurse = recurse;
  }

  setFlow(flow: FlowNoun | undefined): void {
    this.#assertNotStarted('setFlow');
    this.request.flowToken = flow?.getToken();
  }

  // --- for the proxy ---------------------------------------------------------------------------------------------

  /** Started and without a final response. */
  get isPending(): boolean {
    return this.#started && this.final === undefined && !this.retired;
  }

  /** Whether the branch was pinned to a flow. */
  get isPinned(): boolean {
    return this.request.flowToken !== undefined;
  }

  get wasCancelled(): boolean {
    return this.#cancelled;
  }

  /** Sends the request; the promise is there when the flow has to be looked up. */
  start(): void | Promise<void> {
    this.#started = true;
    this.request.committed = true;
    return this.parent.session.parent.outputs.emit({ kind: 'proxied', send: () => this.#send() });
  }

  #send(): void | Promise<void> {
    try {
      const flow = this.#kernel.outbound.flowFor(this.request);
      if (!isPromise(flow)) {
        this.#transmit(flow);
        return;
      }
      return flow.then(
        (found) => this.#transmit(found),
        (error: unknown) => this.#failed(error),
      );
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Cancels what is pending; `reason` is a Reason header value (RFC 3326). */
  cancelWith(reason: string | undefined): void {
    if (this.#cancelled || this.final !== undefined) return;
    this.#cancelled = true;
    if (this.#transaction !== undefined && this.#transaction.isInvite)
      this.#kernel.host.cancel(this.#transaction, reason);
  }

  /** The proxy or branch timeout: a ringing branch is cancelled, a silent one counts as 408 (RFC 3261 §16.8). */
  expire(): void {
    if (!this.isPending) return;
    this.#timedOut = true;
    this.cancelWith(undefined);
    if (!this.#provisional) this.#enter(this.#kernel.messages.local(this.parent.original, 408), undefined, true);
  }

  /** Nothing more is waited for. */
  stopTimers(): void {
    this.#timerC?.cancel();
    this.#timerC = undefined;
  }

  /** A 2xx of this fork has gone upstream: its retransmissions follow without asking anybody (RFC 3261 §16.7 step 5). */
  rememberForwarded(toTag: string): void {
    this.#forwarded2xx.add(toTag);
  }

  /** A timeout's own CANCEL brings a 487; upstream the branch has timed out. */
  asSeenUpstream(message: SipResponse, local: boolean): { message: SipResponse; local: boolean } {
    if (!this.#timedOut || message.status !== 487) return { message, local };
    return { message: this.#kernel.messages.local(this.parent.original, 408), local: true };
  }

  // --- transaction user ------------------------------------------------------------------------------------------

  onResponse(response: SipResponse, flow: Flow | undefined): void {
    const { status } = response;
    if (status < 200) {
      this.#provisional = true;
      this.#armTimerC();
      if (status === 100) return; // hop by hop
    }
    if (status >= 200 && status < 300 && this.#forwarded2xx.has(response.headers.to?.tag ?? '')) {
      this.parent.forwardAgain(response);
      return;
    }
    this.#enter(response, flow, false);
  }

  onTimeout(): void {
    this.#enter(this.#kernel.messages.local(this.parent.original, 408), undefined, true);
  }

  // RFC 3261 §16.9: as if a 503 had come
  onTransportError(): void {
    this.#enter(this.#kernel.messages.local(this.parent.original, 503), undefined, true);
  }

  onTerminated(): void {
    this.stopTimers();
    this.parent.branchTerminated(this);
  }

  #enter(response: SipResponse, flow: Flow | undefined, local: boolean): void {
    const { session } = this.parent;
    session.hold();
    session.parent.mailbox.enter(
      () => {
        session.release();
        return this.parent.receive(this, response, flow, local);
      },
      () => `${response.status} of a branch`,
    );
  }

  #transmit(flow: Flow): void {
    if (this.#cancelled) {
      this.#enter(this.#kernel.messages.local(this.parent.original, 487), undefined, true);
      return;
    }
    const { request, parent } = this;
    const { message } = request;
    const inbound = parent.original.wireFlow;
    try {
      if (this.recordRoute && inbound !== undefined && takesRecordRoute(message.method)) {
        addRecordRoute(message, this.#kernel.host, inbound, flow, parent.session.data.id, parent.routeParameters);
      }
      request.wireFlow = flow;
      if (message.method === 'INVITE') this.#armTimerC();
      this.#transaction = this.#kernel.host.send(message, flow, { owner: this });
      request.clientTransaction = this.#transaction;
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    const { message } = this.request;
    const failure = transportFailed.because(error, message.method, message.uriText, text);
    this.#kernel.logger.info({ err: failure, code: failure.code }, failure.message);
    this.onTransportError();
  }

  #armTimerC(): void {
    if (this.request.getMethod() !== 'INVITE' || this.final !== undefined) return;
    this.#timerC?.cancel();
    this.#timerC = this.#kernel.timers.after(TIMER_C_MS, () => {
      this.parent.session.parent.mailbox.enter(() => this.expire(), 'Timer C');
    });
  }

  #assertNotStarted(what: string): void {
    if (this.#started) throw illegalState(proxyStarted, what);
  }
}

/** A Reason header value (RFC 3326) from the arrays of JSR 289's `cancel`. */
export function reasonValue(
  protocol: readonly string[] | undefined,
  code: readonly number[] | undefined,
  text: readonly string[] | undefined,
): string | undefined {
  if (protocol === undefined || protocol.length === 0) return undefined;
  const values = protocol.map((name, i) => {
    const cause = code?.[i] === undefined ? '' : `;cause=${code[i]}`;
    const words = text?.[i] === undefined ? '' : `;text="${text[i].replaceAll(/["\\]/g, (char) => `\\${char}`)}"`;
    return `${name}${cause}${words}`;
  });
  return values.join(', ');
}
