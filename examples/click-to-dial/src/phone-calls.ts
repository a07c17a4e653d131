import type { SipFactory, SipServletContext, SipServletRequest } from 'siplet';
import type { ModelFacade } from './model-facade.ts';
import { MAX_HOURS } from './call-control.ts';
import { reach } from './reach.ts';

/** Calls from phone to phone: trust, and the way to the callee's phones. */
export class PhoneCalls {
  readonly #model: ModelFacade;
  #sipFactory: SipFactory | undefined;

  constructor(model: ModelFacade) {
    this.#model = model;
  }

  start(sipFactory: SipFactory): void {
    this.#sipFactory = sipFactory;
  }

  /** Whether a request comes over the flow, or from the address, of a registered phone of that address of record. */
  async comesFromPhoneOf(request: SipServletRequest, aor: string): Promise<boolean> {
    const token = request.getFlow()?.getToken();
    for (const binding of await this.#model.getBindings(aor)) {
      if (token !== undefined && binding.flowToken === token) return true;
      const { transport, sourceAddress, sourcePort } = binding;
      if (transport !== 'UDP' || request.getTransport() !== 'UDP') continue;
      if (sourceAddress === request.getRemoteAddr() && sourcePort === request.getRemotePort()) return true;
    }
    return false;
  }

  /** Rings all phones of the callee at once; the first that answers wins. */
  async proxy(request: SipServletRequest, callee: string, context: SipServletContext): Promise<void> {
    const factory = this.#sipFactory;
    if (factory === undefined || (await this.#model.getPerson(callee)) === undefined)
      return request.createResponse(404).send();
    const targets = [];
    for (const binding of await this.#model.getBindings(this.#model.aorOf(callee))) {
      const uri = factory.createURI(binding.contact);
      const way = uri.isSipURI()
        ? reach(binding, { host: uri.getHost() }, (token) => context.getFlow(token)?.isActive() === true)
        : undefined;
      if (way !== undefined) targets.push({ uri, token: way.flowToken });
    }
    // RFC 3261 §16.5: known, but no phone to ring.
    if (targets.length === 0) return request.createResponse(480).send();
    // What we believe about the caller comes from the registration, not from the caller.
    request.removeHeader('P-Asserted-Identity');
    request.getApplicationSession().setExpires(MAX_HOURS * 60); // or the dialog would end with the session timeout
    const proxy = request.getProxy();
    proxy.setRecordRoute(true);
    proxy.setParallel(true);
    proxy.setProxyTimeout(60);
    proxy.setSupervised(false);
    const branches = proxy.createProxyBranches(targets.map((each) => each.uri));
    for (const [index, branch] of branches.entries()) {
      const token = targets[index]?.token;
      branch.setFlow(token === undefined ? undefined : context.getFlow(token));
    }
    await proxy.startProxy();
  }
}
