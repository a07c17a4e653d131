import { SipApplicationRouter, SipApplicationRouterInfo, SipApplicationRoutingRegion } from '@siplet/api';

/** The router of a container without a DAR file: each initial request visits the only application once. */
export class OnlyApplicationRouter extends SipApplicationRouter {
  readonly #names = new Set<string>();

  override init(): void {}

  override destroy(): void {}

  override applicationDeployed(names: readonly string[]): void {
    for (const name of names) this.#names.add(name);
  }

  override applicationUndeployed(names: readonly string[]): void {
    for (const name of names) this.#names.delete(name);
  }

  override getNextApplication(
    ...[, , , , stateInfo]: Parameters<SipApplicationRouter['getNextApplication']>
  ): SipApplicationRouterInfo | undefined {
    const [name] = this.#names;
    if (name === undefined || stateInfo === VISITED) return undefined;
    return new SipApplicationRouterInfo(
      name,
      SipApplicationRoutingRegion.NEUTRAL_REGION,
      undefined,
      [],
      'NO_ROUTE',
      VISITED,
    );
  }
}

const VISITED = 'visited';
