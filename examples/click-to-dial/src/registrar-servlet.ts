import {
  type Address,
  DigestAuthenticator,
  OUTBOUND_INTERFACES,
  Resource,
  SipFactory,
  type SipURI,
  SipServlet,
  type SipServletRequest,
  type SipServletResponse,
  type URI,
} from 'siplet';
import { BindingKeeper } from './binding-keeper.ts';
import { type ContactUpdate, DatabaseUnavailableError, ModelFacade, type RegisterOutcome } from './model-facade.ts';
import { isPass, personOf, PhonePasses } from './phone-passes.ts';
import { PhoneCalls } from './phone-calls.ts';

const MIN_EXPIRES = 60; // seconds
const MAX_EXPIRES = 3600;
const REMEDY = 'check that the database is up (DATABASE_URL, or the folder given with --data) and has room';

/** Choices of the registrar. */
export class RegistrarSettings {
  /** The digest challenges, in their order: baresip gives up when any is not MD5; SIPp and JsSIP read only the first. */
  readonly algorithms: readonly ('SHA-256' | 'MD5')[];

  constructor(algorithms: readonly ('SHA-256' | 'MD5')[]) {
    this.algorithms = algorithms;
  }
}

/** Answers REGISTER and OPTIONS, and lets phones call each other; the main servlet of the application. */
@SipServlet({ name: 'RegistrarServlet', loadOnStartup: 1 })
export class RegistrarServlet extends SipServlet {
  @Resource() declare readonly model: ModelFacade;
  @Resource() declare readonly passes: PhonePasses;
  @Resource() declare readonly keeper: BindingKeeper;
  @Resource() declare readonly settings: RegistrarSettings;
  @Resource() declare readonly phoneCalls: PhoneCalls;
  @Resource() declare readonly digest: DigestAuthenticator;
  @Resource() declare readonly sipFactory: SipFactory;

  /** Creates, refreshes and removes bindings (RFC 3261 §10.3). */
  protected override async doRegister(request: SipServletRequest): Promise<void> {
    try {
      await this.#register(request);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error;
      await this.#unavailable(request, error);
    }
  }

  /** Says what this server can do. */
  protected override async doOptions(request: SipServletRequest): Promise<void> {
    if (!request.isInitial()) return;
    const response = request.createResponse(200);
    response.setHeader('Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER');
    response.setHeader('Accept', 'application/sdp');
    await response.send();
  }

  /** A call from phone to phone, without the page. */
  protected override async doInvite(request: SipServletRequest): Promise<void> {
    // A re-INVITE of a proxied call: the container forwards it.
    if (!request.isInitial()) return;
    try {
      await this.#call(request);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error;
      await this.#unavailable(request, error);
    }
  }

  // In a proxied call the container forwards these by itself.
  protected override doBye(): void {}
  protected override doInfo(): void {}
  protected override doUpdate(): void {}
  protected override doPrack(): void {}
  protected override doMessage(): void {}
  protected override doNotify(): void {}
  protected override doRefer(): void {}

  async #register(request: SipServletRequest): Promise<void> {
    const name = this.#nameIn(request.getTo().getURI());
    if (name === undefined) return this.#answer(request, 404, 'Unknown Domain');
    const user = await this.#authenticate(request, false);
    if (user === undefined) return;
    // The address of record must be one's own; the words are the same whether the other one exists or not.
    if (user !== name) return this.#answer(request, 403, 'Not Your Address');
    if ((await this.model.getPerson(name)) === undefined) return this.#answer(request, 404);
    await this.#update(request, this.model.aorOf(name));
  }

  async #update(request: SipServletRequest, aor: string): Promise<void> {
    const contacts = readContacts(request);
    if (contacts === 'bad') return this.#answer(request, 400, 'Bad Contact');
    if (contacts !== '*' && contacts.some((each) => this.#isHere(each.uri)))
      return this.#answer(request, 403, 'Contact Is This Server');
    if (contacts !== '*' && contacts.some((each) => each.expires > 0 && each.expires < MIN_EXPIRES)) {
      const response = request.createResponse(423);
      response.setHeader('Min-Expires', String(MIN_EXPIRES));
      return response.send();
    }
    if (contacts !== '*' && contacts.length === 0)
      return this.#list(request, { ok: true, bindings: await this.model.getBindings(aor) });
    const update = {
      aor,
      contacts,
      callId: request.getCallId(),
      cseq: Number.parseInt(request.getHeader('CSeq') ?? '', 10),
      transport: request.getTransport() ?? 'UDP',
      sourceAddress: request.getRemoteAddr() ?? '',
      sourcePort: request.getRemotePort() ?? 0,
      flowToken: request.getFlow()?.getToken() ?? '',
      userAgent: (request.getHeader('User-Agent') ?? '').slice(0, 255),
    };
    const parse = (text: string): URI => this.sipFactory.createURI(text);
    const outcome = await this.model.register(update, (a, b) => a === b || parse(a).equals(parse(b)));
    if (outcome.ok) this.keeper.watch(request.getApplicationSession(), aor, outcome.bindings);
    await this.#list(request, outcome);
    if (!outcome.ok) return;
    if (outcome.news !== undefined)
      this.log(`Phone of ${aor} ${outcome.news}: ${request.getTransport() ?? ''} ${request.getRemoteAddr() ?? ''}`);
    await this.keeper.changed();
  }

  /** The response lists every binding in force with the seconds it has left (RFC 3261 §10.3 step 8). */
  async #list(request: SipServletRequest, outcome: RegisterOutcome): Promise<void> {
    if (!outcome.ok) {
      const [status, phrase] =
        outcome.reason === 'out-of-order' ? [400, 'CSeq Out Of Order'] : [403, 'Too Many Contacts'];
      return this.#answer(request, status as number, phrase as string);
    }
    const response = request.createResponse(200);
    const now = this.model.now();
    for (const { contact, expiresAt } of outcome.bindings)
      response.addHeader('Contact', `<${contact}>;expires=${Math.ceil((expiresAt.getTime() - now) / 1000)}`);
    await response.send();
  }

  async #call(request: SipServletRequest): Promise<void> {
    const callee = this.#nameIn(request.getRequestURI());
    if (callee === undefined) return this.#answer(request, 404, 'Unknown Domain');
    const caller = this.#nameIn(request.getFrom().getURI());
    if (caller === undefined) return this.#answer(request, 403, 'Not Your Address');
    if (!(await this.phoneCalls.comesFromPhoneOf(request, this.model.aorOf(caller)))) {
      const user = await this.#authenticate(request, true);
      if (user === undefined) return;
      if (user !== caller) return this.#answer(request, 403, 'Not Your Address');
    }
    await this.phoneCalls.proxy(request, callee, this.getServletContext());
  }

  /** The person behind the request's credentials; otherwise the challenge has been sent. */
  async #authenticate(request: SipServletRequest, proxy: boolean): Promise<string | undefined> {
    const result = await this.digest.authenticate(request, {
      realm: this.model.domain,
      proxy,
      algorithms: this.settings.algorithms,
      credentials: async (user) => {
        const ha1 = isPass(user) ? this.passes.getSecrets(user) : await this.model.getSecrets(user);
        return ha1 === undefined ? undefined : { ha1: { ...ha1 } };
      },
    });
    if (result.ok) return personOf(result.user);
    if (result.delayMs > 0) this.keeper.sendLater(request.getApplicationSession(), result.response, result.delayMs);
    else await result.response.send();
    return undefined;
  }

  /** The user part of an address of this domain, `undefined` for any other address. */
  #nameIn(uri: URI): string | undefined {
    if (!uri.isSipURI()) return undefined;
    const host = uri.getHost().toLowerCase();
    const ours = host === this.model.domain.toLowerCase() || this.#interfaces().some((each) => sameSocket(each, uri));
    return ours ? uri.getUser()?.toLowerCase() : undefined;
  }

  /** A contact that leads back here would make calls run in a circle. */
  #isHere(contact: string): boolean {
    const uri = this.sipFactory.createURI(contact);
    return uri.isSipURI() && this.#interfaces().some((each) => sameSocket(each, uri));
  }

  // A phone may be given this server's address and port instead of the domain; another port on this host is another phone.
  #interfaces(): readonly SipURI[] {
    return this.getServletContext().getAttribute(OUTBOUND_INTERFACES) ?? [];
  }

  async #answer(request: SipServletRequest, status: number, phrase?: string): Promise<void> {
    await request.createResponse(status, phrase).send();
  }

  async #unavailable(request: SipServletRequest, error: DatabaseUnavailableError): Promise<void> {
    this.log(
      `${request.getMethod()} from ${request.getRemoteAddr() ?? '?'} answered 503: ${error.message}; ${REMEDY}`,
      error.cause,
    );
    const response: SipServletResponse = request.createResponse(503, 'Database Unavailable');
    response.setHeader('Retry-After', '10');
    await response.send();
  }
}

function sameSocket(ours: SipURI, uri: SipURI): boolean {
  return ours.getHost() === uri.getHost() && (ours.getPort() ?? 5060) === (uri.getPort() ?? 5060);
}

/** The contacts of a REGISTER with their expiry granted, `'*'` to remove all, or `'bad'`. */
function readContacts(request: SipServletRequest): ContactUpdate[] | '*' | 'bad' {
  let addresses: Address[];
  try {
    addresses = [...request.getAddressHeaders('Contact')];
  } catch {
    return 'bad';
  }
  const whole = request.getHeader('Expires');
  // RFC 3261 §10.3 step 6: the wildcard stands alone, and only to remove everything.
  if (addresses.some((each) => each.isWildcard())) return addresses.length === 1 && Number(whole) === 0 ? '*' : 'bad';
  const contacts: ContactUpdate[] = [];
  for (const address of addresses) {
    const uri = address.getURI();
    if (!uri.isSipURI() || uri.toString().length > 1024) return 'bad';
    contacts.push({ uri: uri.toString(), expires: granted(address.getParameter('expires') ?? whole) });
  }
  return contacts;
}

/** RFC 3261 §10.2.1.1: a value that is no number counts as 3600. */
function granted(wanted: string | undefined): number {
  return wanted !== undefined && /^\d+$/.test(wanted) ? Math.min(Number(wanted), MAX_EXPIRES) : MAX_EXPIRES;
}
