import type { SipServlet } from '@siplet/api';

/** One SIP servlet of an application: its only instance, its name and its place in the life cycle. */
export class ServletHolder {
  readonly name: string;
  /** Undefined from destroy() on, and before init() for what is not up yet. */
  readonly instance: SipServlet;
  /** ≥ 0: initialised in this order at start; negative: initialised after those, in declaration order. */
  readonly loadOnStartup: number;
  readonly initParams: ReadonlyMap<string, string>;

  constructor(name: string, instance: SipServlet, loadOnStartup: number, initParams: ReadonlyMap<string, string>) {
    this.name = name;
    this.instance = instance;
    this.loadOnStartup = loadOnStartup;
    this.initParams = initParams;
  }
}
