import type { SipURI, URI } from './address.ts';
import type { Flow } from './flow.ts';
import type { SipServletRequest } from './request.ts';
import type { SipServletResponse } from './response.ts';
import type { Seconds } from './units.ts';

/** Proxies one request to one or more targets (JSR 289 §10). */
export abstract class Proxy {
  abstract getOriginalRequest(): SipServletRequest;
  /** Proxies to one target or several; settles when the requests have been handed to flows. @throws {IllegalArgumentError} for an unsupported scheme. */
  abstract proxyTo(uri: URI | readonly URI[]): Promise<void>;
  /** Makes branches without starting them. */
  abstract createProxyBranches(targets: readonly URI[]): ProxyBranch[];
  /** Starts branches made by {@link Proxy.createProxyBranches}. */
  abstract startProxy(): Promise<void>;
  /** Cancels all pending branches; the arrays are protocol, cause and text of Reason header values (RFC 3326). */
  abstract cancel(protocol?: readonly string[], reasonCode?: readonly number[], reasonText?: readonly string[]): void;
  abstract getProxyBranch(uri: URI): ProxyBranch | undefined;
  abstract getProxyBranches(): ProxyBranch[];

  /** When true the other branches are not cancelled by the first 2xx; default false. */
  abstract getNoCancel(): boolean;
  abstract setNoCancel(noCancel: boolean): void;
  /** When true all branches start at once; default true. */
  abstract getParallel(): boolean;
  abstract setParallel(parallel: boolean): void;
  /** Seconds that each branch (sequential) or all (parallel) may take; default 180. */
  abstract getProxyTimeout(): Seconds;
  /** Sets the timeout. @throws {IllegalArgumentError} for 0 or less. */
  abstract setProxyTimeout(seconds: Seconds): void;
  /** When true subsequent requests come back through this application; default false. */
  abstract getRecordRoute(): boolean;
  /** Asks to stay on the path of the dialog. @throws {IllegalStateError} after the proxy has started. */
  abstract setRecordRoute(recordRoute: boolean): void;
  /** The Record-Route to be inserted, to which private parameters may be added. @throws {IllegalStateError} without record-route. */
  abstract getRecordRouteURI(): SipURI;
  /** When true the Contacts of a 3xx are tried; default true. */
  abstract getRecurse(): boolean;
  abstract setRecurse(recurse: boolean): void;
  /** When true the application sees the responses; default true. */
  abstract getSupervised(): boolean;
  abstract setSupervised(supervised: boolean): void;
  /** Pins all branches made afterwards to a flow (JSR 359). */
  abstract setFlow(flow: Flow | undefined): void;
}

/** One target of a {@link Proxy}. */
export abstract class ProxyBranch {
  abstract getProxy(): Proxy;
  /** The request of this branch; it may be changed until the branch starts. */
  abstract getRequest(): SipServletRequest;
  /** The last response of this branch. */
  abstract getResponse(): SipServletResponse | undefined;
  abstract isStarted(): boolean;
  /** Cancels this branch; the arrays are protocol, cause and text of Reason header values (RFC 3326). */
  abstract cancel(protocol?: readonly string[], reasonCode?: readonly number[], reasonText?: readonly string[]): void;
  /** Branches that came from the Contacts of this branch's 3xx. */
  abstract getRecursedProxyBranches(): ProxyBranch[];
  abstract getProxyBranchTimeout(): Seconds;
  /** Sets the timeout of this branch. @throws {IllegalArgumentError} for 0 or less, or more than the proxy's timeout. */
  abstract setProxyBranchTimeout(seconds: Seconds): void;
  abstract getRecordRoute(): boolean;
  abstract setRecordRoute(recordRoute: boolean): void;
  abstract getRecordRouteURI(): SipURI;
  abstract getRecurse(): boolean;
  abstract setRecurse(recurse: boolean): void;
  /** Pins this branch to a flow (JSR 359): the request goes there whatever its URI says. */
  abstract setFlow(flow: Flow | undefined): void;
}
