import type { SipServletRequest } from './request.ts';
import type { PlainData } from './units.ts';

/** How a new request relates to an earlier one: `NEW`, `CONTINUE` or `REVERSE`. */
export type SipApplicationRoutingDirective = 'NEW' | 'CONTINUE' | 'REVERSE';
/** The routing directives (JSR 289 §15.2.2). */
export const SipApplicationRoutingDirective = Object.freeze({
  NEW: 'NEW',
  CONTINUE: 'CONTINUE',
  REVERSE: 'REVERSE',
} as const);

/** What the container does with the routes of a router's answer: `ROUTE`, `ROUTE_BACK` or `NO_ROUTE`. */
export type SipRouteModifier = 'ROUTE' | 'ROUTE_BACK' | 'NO_ROUTE';
/** The route modifiers (JSR 289 §15.4.1). */
export const SipRouteModifier = Object.freeze({
  ROUTE: 'ROUTE',
  ROUTE_BACK: 'ROUTE_BACK',
  NO_ROUTE: 'NO_ROUTE',
} as const);

/** How a request named its target: `ENCODED_URI`, `JOIN` or `REPLACES`. */
export type SipTargetedRequestType = 'ENCODED_URI' | 'JOIN' | 'REPLACES';
/** The ways of targeting a session (JSR 289 §15.11). */
export const SipTargetedRequestType = Object.freeze({
  ENCODED_URI: 'ENCODED_URI',
  JOIN: 'JOIN',
  REPLACES: 'REPLACES',
} as const);

/** The three types a routing region can have. */
export type SipApplicationRoutingRegionType = 'ORIGINATING' | 'TERMINATING' | 'NEUTRAL';
/** The region types (JSR 289 §15.2.3). */
export const SipApplicationRoutingRegionType = Object.freeze({
  ORIGINATING: 'ORIGINATING',
  TERMINATING: 'TERMINATING',
  NEUTRAL: 'NEUTRAL',
} as const);

/** A region of a call: on whose behalf an application runs, with a label of its own. */
export class SipApplicationRoutingRegion {
  /** The application serves the caller. */
  static readonly ORIGINATING_REGION: SipApplicationRoutingRegion = new SipApplicationRoutingRegion(
    'ORIGINATING',
    'ORIGINATING',
  );
  /** The application serves the callee. */
  static readonly TERMINATING_REGION: SipApplicationRoutingRegion = new SipApplicationRoutingRegion(
    'TERMINATING',
    'TERMINATING',
  );
  /** The application serves neither side in particular. */
  static readonly NEUTRAL_REGION: SipApplicationRoutingRegion = new SipApplicationRoutingRegion('NEUTRAL', 'NEUTRAL');

  readonly #label: string;
  readonly #type: SipApplicationRoutingRegionType;

  constructor(label: string, type: SipApplicationRoutingRegionType) {
    this.#label = label;
    this.#type = type;
  }

  getLabel(): string {
    return this.#label;
  }

  getType(): SipApplicationRoutingRegionType {
    return this.#type;
  }

  /** True when label and type are the same. */
  equals(other: unknown): boolean {
    return other instanceof SipApplicationRoutingRegion && other.#label === this.#label && other.#type === this.#type;
  }

  toString(): string {
    return this.#label;
  }
}

/** Tells the router that a request names a session of an application. */
export class SipTargetedRequestInfo {
  readonly #type: SipTargetedRequestType;
  readonly #applicationName: string;

  constructor(type: SipTargetedRequestType, applicationName: string) {
    this.#type = type;
    this.#applicationName = applicationName;
  }

  getType(): SipTargetedRequestType {
    return this.#type;
  }

  getApplicationName(): string {
    return this.#applicationName;
  }
}

/** A router's answer: the next application, or routes to push, or neither. */
export class SipApplicationRouterInfo {
  readonly #nextApplicationName: string | undefined;
  readonly #routingRegion: SipApplicationRoutingRegion | undefined;
  readonly #subscriberURI: string | undefined;
  readonly #routes: readonly string[];
  readonly #routeModifier: SipRouteModifier;
  readonly #stateInfo: PlainData | undefined;

  constructor(
    nextApplicationName: string | undefined,
    routingRegion: SipApplicationRoutingRegion | undefined,
    subscriberURI: string | undefined,
    routes: readonly string[],
    routeModifier: SipRouteModifier,
    stateInfo: PlainData | undefined,
  ) {
    this.#nextApplicationName = nextApplicationName;
    this.#routingRegion = routingRegion;
    this.#subscriberURI = subscriberURI;
    this.#routes = [...routes];
    this.#routeModifier = routeModifier;
    this.#stateInfo = stateInfo;
  }

  /** The application to run, `undefined` when there is none (any more). */
  getNextApplicationName(): string | undefined {
    return this.#nextApplicationName;
  }

  getRoutingRegion(): SipApplicationRoutingRegion | undefined {
    return this.#routingRegion;
  }

  /** The subscriber on whose behalf the application runs, as text. */
  getSubscriberURI(): string | undefined {
    return this.#subscriberURI;
  }

  /** Route values; the first one ends up on top of the request. */
  getRoutes(): readonly string[] {
    return this.#routes;
  }

  getRouteModifier(): SipRouteModifier {
    return this.#routeModifier;
  }

  /** Plain data that the container gives back with the next question about this call. */
  getStateInfo(): PlainData | undefined {
    return this.#stateInfo;
  }
}

/** Decides which application an initial request visits next (JSR 289 §15). */
export abstract class SipApplicationRouter {
  /** Called once before any other method; `properties` is the router's configuration, if any. */
  abstract init(properties?: Readonly<Record<string, string>>): void | Promise<void>;
  /** Called once when the container stops. */
  abstract destroy(): void | Promise<void>;
  /** Names of applications that have just been deployed. */
  abstract applicationDeployed(newlyDeployedApplicationNames: readonly string[]): void;
  /** Names of applications that have just been undeployed. */
  abstract applicationUndeployed(undeployedApplicationNames: readonly string[]): void;
  /** The next step for a request, which must not be modified; `undefined` means no application. */
  abstract getNextApplication(
    initialRequest: SipServletRequest,
    region: SipApplicationRoutingRegion | undefined,
    directive: SipApplicationRoutingDirective,
    targetedRequestInfo: SipTargetedRequestInfo | undefined,
    stateInfo: PlainData | undefined,
  ): SipApplicationRouterInfo | undefined | Promise<SipApplicationRouterInfo | undefined>;
}
