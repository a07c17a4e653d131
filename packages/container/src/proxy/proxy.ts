import {
  type Flow as FlowNoun,
  Proxy,
  type ProxyBranch,
  type SipServletRequest,
  type SipURI,
  type URI,
} from '@siplet/api';
import { createResponseFor, type Flow, SipError, type SipResponse, SipUri, type Uri } from '@siplet/sip';
import { coreUri, uriView } from '../address/uri.ts';
import type { Kernel } from '../dispatch/kernel.ts';
import { alreadyAnswered, noRecordRoute, proxyArgument, proxyStarted, recordRoutePart } from '../sip-errors.ts';
import { illegalArgument, illegalState } from '../message/illegal.ts';
import { ContainerRequest } from '../message/request.ts';
import { chain, isPromise } from '../session/chain.ts';
import type { ContainerSession } from '../session/sip-session.ts';
import type { ArmedTimer } from '../session/timers.ts';
import { bestOf, mergeChallenges } from './best-response.ts';
import { ContainerBranch, reasonValue } from './proxy-branch.ts';
import { afterProxied, type ProxyPath, proxiedSession, settleProxied } from './proxied-session.ts';

const AS_PROXY = { retransmit2xx: false };
/** Targets of one request, recursion included: no amplification. */
const MAX_TARGETS = 30;

/** The container's `Proxy`: RFC 3261 §16 for one request. */
export class ContainerProxy extends Proxy {
  readonly original: ContainerRequest;
  readonly session: ContainerSession;
  /** Holds the private parameters of the Record-Route. */
  routeParameters: SipUri | undefined = undefined;
  readonly #kernel: Kernel;
  readonly #branches: ContainerBranch[] = [];
  #started = false;
  /** A final response has gone upstream: no other but further 2xx may follow. */
  #answered = false;
  #cancelledByCaller = false;
  #timer: ArmedTimer | undefined = undefined;
  #noCancel = false;
  #parallel = true;
  #timeoutSeconds: number;
  #recordRoute = false;
  #recurse = true;
  #supervised = true;
  #flowToken: string | undefined = undefined;

  constructor(kernel: Kernel, original: ContainerRequest) {
    super();
    this.#kernel = kernel;
    this.original = original;
    this.session = original.requireSession();
    this.#timeoutSeconds = this.session.parent.app.config.proxyTimeoutSeconds;
  }

  getOriginalRequest(): SipServletRequest {
    return this.original;
  }

  proxyTo(uri: URI | readonly URI[]): Promise<void> {
    this.#make(Array.isArray(uri) ? (uri as readonly URI[]) : [uri as URI]);
    return this.startProxy();
  }

  createProxyBranches(targets: readonly URI[]): ProxyBranch[] {
    return this.#make(targets);
  }

  async startProxy(): Promise<void> {
    const started = this.#start();
    if (isPromise(started)) await started;
  }

  cancel(protocol?: readonly string[], reasonCode?: readonly number[], reasonText?: readonly string[]): void {
    this.#cancelAll(reasonValue(protocol, reasonCode, reasonText));
  }

  getProxyBranch(uri: URI): ProxyBranch | undefined {
    const wanted = coreUri(uri);
    return this.#branches.find((branch) => branch.request.message.uri.equals(wanted));
  }

  getProxyBranches(): ProxyBranch[] {
    return this.#branches.filter((branch) => branch.origin === undefined);
  }

  getNoCancel(): boolean {
    return this.#noCancel;
  }

  setNoCancel(noCancel: boolean): void {
    this.#noCancel = noCancel;
  }

  getParallel(): boolean {
    return this.#parallel;
  }

  setParallel(parallel: boolean): void {
    this.#parallel = parallel;
  }

  getProxyTimeout(): number {
    return this.#timeoutSeconds;
  }

  setProxyTimeout(seconds: number): void {
    if (!(seconds > 0)) throw illegalArgument(proxyArgument, 'setProxyTimeout', seconds);
    this.#timeoutSeconds = seconds;
  }

  getRecordRoute(): boolean {
    return this.#recordRoute;
  }

  setRecordRoute(recordRoute: boolean): void {
    if (this.#started) throw illegalState(proxyStarted, 'setRecordRoute');
    this.#recordRoute = recordRoute;
  }

  getRecordRouteURI(): SipURI {
    if (!this.#recordRoute) throw illegalState(noRecordRoute);
    return this.recordRouteUri();
  }

  getRecurse(): boolean {
    return this.#recurse;
  }

  setRecurse(recurse: boolean): void {
    this.#recurse = recurse;
  }

  getSupervised(): boolean {
    return this.#supervised;
  }

  setSupervised(supervised: boolean): void {
    this.#supervised = supervised;
  }

  setFlow(flow: FlowNoun | undefined): void {
    this.#flowToken = flow?.getToken();
  }

  // --- for the container -----------------------------------------------------------------------------------------

  get isStarted(): boolean {
    return this.#started;
  }

  /** The view to which an application adds private parameters (JSR 289 §10.2). */
  recordRouteUri(): SipURI {
    this.routeParameters ??= new SipUri('sip', undefined, 'record-route.invalid');
    const observer = {
      before: (what: string): void => {
        if (!what.startsWith('param:') || OWNED.has(what)) {
          throw illegalArgument(recordRoutePart, what.replace('param:', 'parameter '));
        }
      },
      after: (): void => {},
    };
    return uriView(this.routeParameters, observer) as SipURI;
  }

  /** The caller gave up: its 487 comes from the branches. */
  cancelByCaller(reason: string | undefined): void {
    this.#cancelledByCaller = true;
    this.#cancelAll(reason);
    if (this.#pending().length === 0) this.session.parent.mailbox.enter(() => this.#finish(), 'CANCEL');
  }

  /** The application answered itself: the search is over. */
  answeredByApplication(): void {
    if (!this.#started) return;
    this.#answered = true;
    this.#cancelAll(undefined);
    this.#stopTimers();
    settleProxied(this.#kernel, this.session, this.original, this.original.answered);
  }

  /** The session ends. */
  abandon(): void {
    this.#answered = true;
    this.#cancelAll(undefined);
    this.#stopTimers();
  }

  /** A repeated 2xx follows the first (RFC 3261 §16.7 step 5). */
  forwardAgain(message: SipResponse): void {
    this.#upstream(message, false);
  }

  /** The last word of a branch's transaction: forks that never answered are over. */
  branchTerminated(branch: ContainerBranch): void {
    if (branch.isPending) return;
    for (const member of [this.session, ...this.#kernel.sessions.derivedOf(this.session)]) {
      if (member.data.state === 'EARLY' && this.#answered && this.#pending().length === 0) {
        afterProxied(this.#kernel, member, 'TERMINATED');
      }
    }
  }

  /** A response of a branch, in the mailbox of the session. */
  receive(branch: ContainerBranch, message: SipResponse, flow: Flow | undefined, local: boolean): void | Promise<void> {
    const { status } = message;
    if (branch.final !== undefined && (status < 200 || status >= 300)) return;
    if (status < 200) return this.#provisional(branch, message, flow);
    branch.stopTimers();
    if (status < 300) return this.#success(branch, message, flow);
    branch.final = branch.asSeenUpstream(message, local);
    branch.request.detach();
    if (status >= 600) this.#cancelAll(undefined); // RFC 3261 §16.7 step 5: 6xx ends the search
    else if (status < 400 && this.#recurseOn(branch, message)) return this.#continue();
    const more = this.#pending().length > 0 || this.#next() !== undefined;
    if (!more) return this.#finish();
    const told = this.#supervise(branch, message, flow, this.session, true);
    return chain(told, () => this.#continue());
  }

  #make(targets: readonly URI[], origin?: ContainerBranch): ContainerBranch[] {
    if (this.original.answered !== 0)
      throw illegalState(alreadyAnswered, this.original.getMethod(), this.original.answered);
    const uris = targets.map((target) => this.#target(target));
    const made: ContainerBranch[] = [];
    for (const uri of uris) {
      // RFC 3261 §16.5: each target once
      if (this.#branches.some((branch) => branch.request.message.uri.equals(uri))) continue;
      if (this.#branches.length >= MAX_TARGETS) break;
      const branch = new ContainerBranch(this.#kernel, this, this.#branchRequest(uri), origin);
      this.#branches.push(branch);
      made.push(branch);
    }
    return made;
  }

  #target(target: URI): Uri {
    const routed = this.original.message.headers.has('Route');
    if (target === undefined || (!target.isSipURI() && !routed)) {
      throw illegalArgument(proxyArgument, 'proxyTo', String(target));
    }
    return coreUri(target);
  }

  // RFC 3261 §16.6 steps 1 to 3: copy, new Request-URI, one hop less
  #branchRequest(uri: Uri): ContainerRequest {
    const message = this.original.message.clone();
    message.uri = uri;
    message.headers.set('Max-Forwards', String(this.original.getMaxForwards() - 1));
    const { session } = this;
    const request = new ContainerRequest({ kernel: this.#kernel, message, session, incoming: false, initial: true });
    request.flowToken = this.#flowToken;
    request.role = 'proxy';
    return request;
  }

  #start(): void | Promise<void> {
    if (this.#answered) throw illegalState(alreadyAnswered, this.original.getMethod(), this.original.answered);
    if (!this.#started) this.#begin();
    if (this.#cancelledByCaller) return;
    const waiting: Promise<void>[] = [];
    for (let branch = this.#next(); branch !== undefined; branch = this.#next()) {
      const result = branch.start();
      if (isPromise(result)) waiting.push(result);
      if (!this.#parallel) this.#armTimer(branch.timeoutSeconds);
    }
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
  }

  #begin(): void {
    this.#started = true;
    this.original.committed = true;
    this.session.data.role = 'proxy';
    const { message, serverTransaction } = this.original;
    if (message.method === 'INVITE' && serverTransaction !== undefined) {
      this.#kernel.host.respond(serverTransaction, createResponseFor(message, 100), AS_PROXY); // RFC 3261 §16.2
    }
    if (this.#parallel) this.#armTimer(this.#timeoutSeconds);
  }

  /** The next branch to start: any in parallel, one at a time in sequence. */
  #next(): ContainerBranch | undefined {
    if (this.#cancelledByCaller || this.#answered) return undefined;
    if (this.#branches.some((branch) => (branch.final?.message.status ?? 0) >= 600)) return undefined;
    if (!this.#parallel && this.#pending().length > 0) return undefined;
    return this.#branches.find((branch) => !branch.isStarted() && !branch.wasCancelled);
  }

  #pending(): ContainerBranch[] {
    return this.#branches.filter((branch) => branch.isPending);
  }

  #continue(): void | Promise<void> {
    if (this.#next() !== undefined) {
      const started = this.#start();
      if (isPromise(started)) started.catch(() => undefined); // branches report their own failures
      return;
    }
    if (this.#pending().length === 0) return this.#finish();
  }

  #armTimer(seconds: number): void {
    this.#timer?.cancel();
    this.#timer = this.#kernel.timers.after(seconds * 1000, () => {
      this.session.parent.mailbox.enter(() => {
        for (const branch of this.#pending()) branch.expire();
      }, 'proxyTimeout');
    });
  }

  #stopTimers(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const branch of this.#branches) if (!branch.isPending) branch.stopTimers();
  }

  #cancelAll(reason: string | undefined): void {
    for (const branch of this.#branches) branch.cancelWith(reason);
  }

  #provisional(branch: ContainerBranch, message: SipResponse, flow: Flow | undefined): void | Promise<void> {
    if (this.#answered) return;
    const session = proxiedSession(this.#kernel, this.session, message, this.#path(branch, flow));
    if (session !== undefined) afterProxied(this.#kernel, session, 'EARLY');
    const told = this.#supervise(branch, message, flow, session ?? this.session, false);
    return chain(told, () => {
      if (!this.#answered) this.#upstream(message, false);
    });
  }

  #success(branch: ContainerBranch, message: SipResponse, flow: Flow | undefined): void | Promise<void> {
    const isInvite = this.original.getMethod() === 'INVITE';
    if (!isInvite && this.#answered) return; // one 2xx for other methods
    if (this.#answered && this.original.answered >= 300) return; // too late; the callee's 2xx stays without ACK
    branch.final ??= { message, local: false };
    const session = proxiedSession(this.#kernel, this.session, message, this.#path(branch, flow));
    if (session !== undefined) afterProxied(this.#kernel, session, 'CONFIRMED');
    if (!this.#noCancel) this.#cancelAll(undefined);
    this.#answered = true;
    this.original.answered = message.status; // from now on a CANCEL comes too late
    const told = this.#supervise(branch, message, flow, session ?? this.session, false);
    return chain(told, () => {
      branch.rememberForwarded(message.headers.to?.tag ?? '');
      this.#upstream(message, false);
      this.#stopTimers();
      settleProxied(this.#kernel, this.session, this.original, message.status);
    });
  }

  /** All branches have failed: the best answer goes upstream, unless the application adds targets now (JSR 289 §10.2.4). */
  #finish(): void | Promise<void> {
    if (this.#answered || this.#pending().length > 0) return;
    const candidates = this.#branches.flatMap((branch) =>
      branch.final === undefined || branch.retired ? [] : [{ ...branch.final, branch }],
    );
    const best = bestOf(this.#cancelledByCaller ? preferring487(candidates) : candidates);
    if (best === undefined) {
      this.#refuse(this.#cancelledByCaller ? 487 : 408);
      return;
    }
    mergeChallenges(best.message, candidates);
    const told = this.#supervise(best.branch, best.message, undefined, this.session, false);
    return chain(told, () => {
      if (this.#answered || this.#pending().length > 0) return;
      if (this.#next() !== undefined) return this.#continue();
      this.#answerWith(best.message, best.local);
    });
  }

  #answerWith(message: SipResponse, local: boolean): void {
    this.#answered = true;
    this.#stopTimers();
    if (message.status === 503) {
      message.status = 500; // RFC 3261 §16.7 step 6: a 503 would speak for us
      message.reason = this.#kernel.messages.reason(500);
      message.headers.delete('Retry-After');
    }
    this.original.answered = message.status;
    this.#upstream(message, local);
    settleProxied(this.#kernel, this.session, this.original, message.status);
  }

  #refuse(status: number): void {
    this.#answerWith(this.#kernel.messages.local(this.original, status), true);
  }

  #upstream(message: SipResponse, local: boolean): void {
    const { serverTransaction } = this.original;
    if (serverTransaction === undefined) return;
    const response = local ? withTag(message, this.session.data.localTag) : message.clone();
    if (!local) response.headers.removeFirst('Via'); // ours (RFC 3261 §16.7 step 3)
    const send = (): void => this.#kernel.host.respond(serverTransaction, response, AS_PROXY);
    void this.session.parent.outputs.emit({ kind: 'proxied', send });
  }

  #supervise(
    branch: ContainerBranch,
    message: SipResponse,
    flow: Flow | undefined,
    session: ContainerSession,
    branchOnly: boolean,
  ): void | Promise<void> {
    const response = this.#kernel.messages.received(branch.request, message, session, flow, branch, branchOnly);
    branch.lastResponse = response;
    if (!this.#supervised || !session.isValid()) return;
    session.touch();
    const told = this.#kernel.invoke(session, undefined, response);
    return chain(told, () => {
      response.done = true;
    });
  }

  #recurseOn(branch: ContainerBranch, message: SipResponse): boolean {
    if (!branch.recurse || this.#answered || this.#cancelledByCaller) return false;
    const made = this.#make(contactsOf(message), branch);
    branch.recursed.push(...made);
    if (made.length === 0) return false;
    branch.retired = true;
    return true;
  }

  #path(branch: ContainerBranch, flow: Flow | undefined): ProxyPath {
    return {
      original: this.original,
      callee: flow ?? branch.request.wireFlow,
      calleePinned: branch.isPinned,
      recordRoute: branch.recordRoute,
      supervised: this.#supervised,
    };
  }
}

const OWNED = new Set([
  'param:lr',
  'param:transport',
  'param:user',
  'param:method',
  'param:ttl',
  'param:maddr',
  'param:sid',
]);

/** The sip targets of a redirection; one that cannot be read is no target. */
function contactsOf(message: SipResponse): URI[] {
  try {
    return message.headers.addresses('Contact').flatMap(({ uri }) => (uri instanceof SipUri ? [uriView(uri)] : []));
  } catch (error) {
    if (error instanceof SipError) return [];
    throw error;
  }
}

function preferring487<C extends { message: SipResponse }>(candidates: readonly C[]): readonly C[] {
  const terminated = candidates.filter(({ message }) => message.status === 487 || message.status >= 600);
  return terminated.length === 0 ? candidates : terminated;
}

function withTag(message: SipResponse, tag: string): SipResponse {
  if (message.headers.to?.tag !== undefined) return message;
  const response = message.clone();
  response.headers.set('To', `${response.headers.get('To') ?? ''};tag=${tag}`);
  return response;
}
