import { Flow } from '@siplet/api';
import type { Flow as CoreFlow } from '@siplet/sip';

/** Finds live flows. */
export interface FlowLookup {
  flowById(token: string): CoreFlow | undefined;
}

/** The application's view of a core flow. */
export function flowView(core: CoreFlow, flows: FlowLookup): Flow {
  return new FlowView(core, flows);
}

class FlowView extends Flow {
  readonly #core: CoreFlow;
  readonly #flows: FlowLookup;

  constructor(core: CoreFlow, flows: FlowLookup) {
    super();
    this.#core = core;
    this.#flows = flows;
  }

  getToken(): string {
    return this.#core.id;
  }

  isActive(): boolean {
    return this.#core.protocol === 'UDP' || this.#flows.flowById(this.#core.id) !== undefined;
  }

  getRemoteAddr(): string {
    return this.#core.remoteAddress;
  }

  getRemotePort(): number {
    return this.#core.remotePort;
  }

  getTransport(): string {
    return this.#core.protocol;
  }
}
