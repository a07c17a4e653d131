import {
  ServletParseError,
  SipApplicationRouter,
  SipApplicationRouterInfo,
  SipApplicationRoutingRegion,
  type PlainData,
  type SipApplicationRoutingDirective,
  type SipApplicationRoutingRegionType,
  type SipServletRequest,
  type SipTargetedRequestInfo,
} from '@siplet/api';
import { darFromProperties, type DarFile, type DarSubscriber } from './dar.ts';
import { decide, type Decision } from './decision.ts';

/** Options of the default application router. */
export interface DefaultApplicationRouterOptions {
  /** Hears of every decision; must not throw. */
  readonly onDecision?: (decision: Decision) => void;
}

/** The router that a DAR file configures (JSR 289 Appendix C). */
export class DefaultApplicationRouter extends SipApplicationRouter {
  readonly #deployed = new Set<string>();
  readonly #onDecision: ((decision: Decision) => void) | undefined;
  #dar: DarFile;

  constructor(dar: DarFile = EMPTY, options: DefaultApplicationRouterOptions = {}) {
    super();
    this.#dar = dar;
    this.#onDecision = options.onDecision;
  }

  /** Takes method-to-tuples properties in place of the file, if there are any. @throws {DarError} */
  override init(properties?: Readonly<Record<string, string>>): void {
    if (properties !== undefined) this.#dar = darFromProperties(properties);
  }

  override destroy(): void {
    this.#deployed.clear();
  }

  /** The configuration in use. */
  getDar(): DarFile {
    return this.#dar;
  }

  /** Replaces the configuration; calls in progress go on by it. */
  configure(dar: DarFile): void {
    this.#dar = dar;
  }

  override applicationDeployed(newlyDeployedApplicationNames: readonly string[]): void {
    for (const name of newlyDeployedApplicationNames) this.#deployed.add(name);
  }

  override applicationUndeployed(undeployedApplicationNames: readonly string[]): void {
    for (const name of undeployedApplicationNames) this.#deployed.delete(name);
  }

  /** The next tuple for the request; region and targeted request play no part (JSR 289 Appendix C). */
  override getNextApplication(
    initialRequest: SipServletRequest,
    _region: SipApplicationRoutingRegion | undefined,
    directive: SipApplicationRoutingDirective,
    _targetedRequestInfo: SipTargetedRequestInfo | undefined,
    stateInfo: PlainData | undefined,
  ): SipApplicationRouterInfo | undefined {
    const decision = this.explain(initialRequest, directive, stateInfo);
    this.#onDecision?.(decision);
    const { chosen, subscriberURI } = decision;
    if (chosen === undefined) return undefined;
    return new SipApplicationRouterInfo(
      chosen.applicationName,
      REGIONS[chosen.region],
      subscriberURI,
      chosen.route === undefined ? [] : [chosen.route],
      chosen.routeModifier,
      decision.stateInfo,
    );
  }

  /** The decision behind {@link DefaultApplicationRouter.getNextApplication}, with its reasons. */
  explain(
    initialRequest: SipServletRequest,
    directive: SipApplicationRoutingDirective,
    stateInfo: PlainData | undefined,
  ): Decision {
    return decide(this.#dar, {
      method: initialRequest.getMethod(),
      directive,
      originator: initialRequest.getApplicationSession(false)?.getApplicationName(),
      stateInfo,
      isDeployed: (name) => this.#deployed.has(name),
      subscriber: (source) => subscriberOf(initialRequest, source),
    });
  }
}

function subscriberOf(request: SipServletRequest, source: DarSubscriber): string | undefined {
  if (source.type === 'literal') return source.uri;
  const name = source.name.toLowerCase();
  if (name === 'from') return request.getFrom().getURI().toString();
  if (name === 'to') return request.getTo().getURI().toString();
  try {
    return request.getAddressHeader(source.name)?.getURI().toString();
  } catch (error) {
    // JSR 289 Appendix C: any header may be named, also one that holds no address.
    if (error instanceof ServletParseError) return request.getHeader(source.name);
    throw error;
  }
}

const EMPTY: DarFile = { file: 'no DAR file', lists: new Map(), warnings: [] };

const REGIONS: Readonly<Record<SipApplicationRoutingRegionType, SipApplicationRoutingRegion>> = {
  ORIGINATING: SipApplicationRoutingRegion.ORIGINATING_REGION,
  TERMINATING: SipApplicationRoutingRegion.TERMINATING_REGION,
  NEUTRAL: SipApplicationRoutingRegion.NEUTRAL_REGION,
};
