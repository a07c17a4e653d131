import {
  type Address,
  type Flow,
  type SipApplicationRoutingRegion as Region,
  SipApplicationRoutingRegion,
  type SipServletContext,
  type SipServletRequest,
  SipSession,
  SipSessionEvent,
  SipSessionBindingEvent,
  type SipSessionState,
  type URI,
} from '@siplet/api';
import { addressView, parseAddressText } from '../address/address.ts';
import { toApplication } from '../address/text.ts';
import { parseUriText, uriView } from '../address/uri.ts';
import type { Kernel } from '../dispatch/kernel.ts';
import { foreignFlow, methodNotAllowed, sessionInvalid, sessionState, unknownHandler } from '../sip-errors.ts';
import { flowView } from '../message/flow-view.ts';
import { illegalArgument, illegalState, servletError } from '../message/illegal.ts';
import type { ContainerRequest } from '../message/request.ts';
import type { ContainerResponse } from '../message/response.ts';
import type { ApplicationSession } from './application-session.ts';
import { AttributeStore } from './attributes.ts';
import { isReady } from './dialog-rules.ts';
import { traitsOf } from './methods.ts';
import type { SessionData } from './session-data.ts';

const REGIONS = new Map<string, Region>([
  ['ORIGINATING', SipApplicationRoutingRegion.ORIGINATING_REGION],
  ['TERMINATING', SipApplicationRoutingRegion.TERMINATING_REGION],
  ['NEUTRAL', SipApplicationRoutingRegion.NEUTRAL_REGION],
]);

/** The container's `SipSession`: its plain data, its attributes, and the messages that are under way now. */
export class ContainerSession extends SipSession {
  readonly data: SessionData;
  readonly parent: ApplicationSession;
  readonly attributes: AttributeStore;
  /** Requests of either direction without a final response. */
  readonly open: ContainerRequest[] = [];
  /** 2xx responses whose ACK the application still owes. */
  unacknowledged: ContainerResponse[] = [];
  /** The request that made this session, while it is in memory. */
  initialRequest: ContainerRequest | undefined = undefined;
  /** Key under which the manager finds the dialog. */
  dialogKey: string | undefined = undefined;
  readonly #kernel: Kernel;
  #valid = true;
  #holds = 0;
  #readyTold = false;

  constructor(kernel: Kernel, parent: ApplicationSession, data: SessionData) {
    super();
    this.#kernel = kernel;
    this.parent = parent;
    this.data = data;
    this.attributes = new AttributeStore({ changed: (method, name) => this.#attributeChanged(method, name) });
  }

  getId(): string {
    return this.data.id;
  }

  getApplicationSession(): ApplicationSession {
    return this.parent;
  }

  getServletContext(): SipServletContext {
    return this.parent.app.context;
  }

  getCallId(): string {
    return toApplication(this.data.callId);
  }

  getLocalParty(): Address {
    return addressView(parseAddressText(this.data.dialog?.localParty ?? this.data.localParty));
  }

  getRemoteParty(): Address {
    return addressView(parseAddressText(this.data.dialog?.remoteParty ?? this.data.remoteParty));
  }

  getState(): SipSessionState {
    this.#assertValid('getState');
    return this.data.state;
  }

  getRegion(): Region | undefined {
    const { region } = this.data;
    if (region === undefined) return undefined;
    return REGIONS.get(region.label) ?? new SipApplicationRoutingRegion(region.label, region.type);
  }

  getSubscriberURI(): URI | undefined {
    const text = this.data.subscriberUri;
    return text === undefined ? undefined : uriView(parseUriText(text));
  }

  getCreationTime(): number {
    return this.data.createdAt;
  }

  getLastAccessedTime(): number {
    return this.data.accessedAt;
  }

  createRequest(method: string): SipServletRequest {
    this.#assertValid('createRequest');
    if (!traitsOf(method).creatable) throw illegalArgument(methodNotAllowed, method);
    const { data } = this;
    if (data.role === 'proxy') throw illegalState(sessionState, method, 'the session proxies');
    if (data.state === 'TERMINATED') throw illegalState(sessionState, method, 'the session is TERMINATED');
    if (data.state === 'INITIAL' && this.open.length > 0) {
      throw illegalState(sessionState, method, 'its first request has no final response yet');
    }
    if (data.dialog === undefined && data.role === 'uas') {
      throw illegalState(sessionState, method, 'there is no dialog');
    }
    return this.#kernel.messages.inSession(this, method);
  }

  setHandler(servletName: string): void {
    this.#assertValid('setHandler');
    const { servlets, name } = this.parent.app;
    if (!servlets.has(servletName)) {
      throw servletError(unknownHandler, name, servletName, ` It has ${[...servlets.keys()].join(', ')}.`);
    }
    this.data.handler = servletName;
  }

  getAttribute(name: string): never {
    this.#assertValid('getAttribute');
    return this.attributes.get(name) as never; // typed by the application's interface merging
  }

  setAttribute(name: string, value: unknown): void {
    this.#assertValid('setAttribute');
    this.attributes.set(name, value);
  }

  removeAttribute(name: string): void {
    this.#assertValid('removeAttribute');
    this.attributes.remove(name);
  }

  getAttributeNames(): IterableIterator<string> {
    this.#assertValid('getAttributeNames');
    return this.attributes.names().values();
  }

  isValid(): boolean {
    return this.#valid;
  }

  getInvalidateWhenReady(): boolean {
    this.#assertValid('getInvalidateWhenReady');
    return this.data.invalidateWhenReady;
  }

  setInvalidateWhenReady(invalidateWhenReady: boolean): void {
    this.#assertValid('setInvalidateWhenReady');
    this.data.invalidateWhenReady = invalidateWhenReady;
    if (invalidateWhenReady) this.parent.changed();
  }

  isReadyToInvalidate(): boolean {
    this.#assertValid('isReadyToInvalidate');
    return this.ready;
  }

  getFlow(): Flow | undefined {
    const { flow } = this.data;
    const core = flow === undefined ? undefined : this.#kernel.host.flowById(flow);
    return core === undefined ? undefined : flowView(core, this.#kernel.host);
  }

  setFlow(flow: Flow | undefined): void {
    this.#assertValid('setFlow');
    if (flow !== undefined && flow.getToken() === '') throw illegalArgument(foreignFlow, flow.getToken());
    this.data.flow = flow?.getToken();
    this.data.flowPinned = flow !== undefined;
  }

  invalidate(): void {
    this.#assertValid('invalidate');
    this.end();
    this.parent.changed();
  }

  // --- for the container -----------------------------------------------------------------------------------------

  /** Ready to invalidate, and nothing is on its way to the application. */
  get ready(): boolean {
    return this.#holds === 0 && isReady(this.data, this.open.length);
  }

  /** Keeps the session until {@link release}: a message for it waits in the mailbox. */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
    this.parent.changed();
  }

  /** A request without final response belongs to this session from now on. */
  opened(request: ContainerRequest): void {
    this.open.push(request);
    this.#readyTold = false;
    if (this.data.dialog === undefined) this.data.lastFinal = 0;
    this.touch();
  }

  /** Its final response is there, or will never be. */
  closed(request: ContainerRequest): void {
    const index = this.open.indexOf(request);
    if (index !== -1) this.open.splice(index, 1);
    this.parent.changed();
  }

  /** The application owes the ACK of this 2xx. */
  owes(response: ContainerResponse): void {
    this.unacknowledged = this.unacknowledged.filter((one) => !one.done);
    this.unacknowledged.push(response);
  }

  /** The transaction of the request is gone: an established call keeps no messages. */
  forget(request: ContainerRequest): void {
    if (this.initialRequest === request && this.data.state !== 'INITIAL') this.initialRequest = undefined;
  }

  /** A message counts as access, attributes do not (JSR 289 §6.1). */
  touch(): void {
    this.data.accessedAt = this.#kernel.clock.wallTime();
    this.parent.touch(this.data.accessedAt);
  }

  /** Tells the application once that the session is ready; true when it may be invalidated now. */
  tellReady(): void | Promise<void> {
    if (this.#readyTold) return;
    this.#readyTold = true;
    const { listeners } = this.parent.app;
    if (!listeners.has('SipSessionListener')) return;
    return this.parent.app.around(() =>
      listeners.fire('SipSessionListener', 'sessionReadyToInvalidate', new SipSessionEvent(this)),
    );
  }

  /** Fires sessionCreated. */
  tellCreated(): void {
    this.#fire('sessionCreated');
  }

  /** Ends the session: pending requests are cancelled or refused, listeners hear of it once. */
  end(): void {
    if (!this.#valid) return;
    for (const request of this.open.slice()) this.#kernel.outbound.abandon(request);
    this.attributes.clear();
    this.#valid = false;
    this.#kernel.sessions.remove(this);
    this.#fire('sessionDestroyed');
  }

  #fire(method: 'sessionCreated' | 'sessionDestroyed'): void {
    const { app } = this.parent;
    if (!app.listeners.has('SipSessionListener')) return;
    this.parent.waitFor(app.around(() => app.listeners.fire('SipSessionListener', method, new SipSessionEvent(this))));
  }

  #attributeChanged(method: string, name: string): void {
    const { app } = this.parent;
    if (!app.listeners.has('SipSessionAttributeListener')) return;
    const event = new SipSessionBindingEvent(this, name);
    this.parent.waitFor(app.around(() => app.listeners.fire('SipSessionAttributeListener', method, event)));
  }

  #assertValid(what: string): void {
    if (!this.#valid) throw illegalState(sessionInvalid, what, this.data.id);
  }
}
