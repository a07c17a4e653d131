import {
  B2buaHelper,
  DigestAuthenticator,
  HttpServlet,
  Resource,
  SipApplication,
  SipFactory,
  SipServlet,
  SipURI,
  WebServlet,
} from 'siplet';
import type {
  Flow,
  HttpServletRequest,
  HttpServletResponse,
  SipServletMessage,
  SipServletRequest,
  SipServletResponse,
  SipSession,
} from 'siplet';

/** Where a phone is. */
interface Binding {
  readonly uri: string;
  readonly flow: Flow | undefined;
}

const PASSWORDS: ReadonlyMap<string, string> = new Map([
  ['alice', 'wonderland'],
  ['bob', 'builder'],
]);

/** Registrar with digest; `echo` answers by itself; everybody else is reached through a back-to-back user agent. */
@SipServlet({ name: 'Tiny', loadOnStartup: 1 })
export class TinyServlet extends SipServlet {
  @Resource() declare readonly sipFactory: SipFactory;
  @Resource() declare readonly digest: DigestAuthenticator;
  readonly #contacts = new Map<string, Binding>();

  override init(): void {
    this.getServletContext().setAttribute('contacts', this.#contacts);
  }

  protected override async doRegister(request: SipServletRequest): Promise<void> {
    const result = await this.digest.authenticate(request, {
      realm: 'example.com',
      credentials: async (user) => {
        const password = PASSWORDS.get(user);
        return password === undefined ? undefined : { ha1: this.digest.secrets(user, 'example.com', password) };
      },
    });
    if (!result.ok) {
      await result.response.send();
      return;
    }
    const contact = request.getAddressHeader('Contact');
    if (contact === undefined || request.getExpires() === 0) this.#contacts.delete(result.user);
    else this.#contacts.set(result.user, { uri: contact.getURI().toString(), flow: request.getFlow() });
    await request.createResponse(200).send();
  }

  protected override async doInvite(request: SipServletRequest): Promise<void> {
    const user = (request.getRequestURI() as SipURI).getUser() ?? '';
    if (user === 'echo') {
      await request.createResponse(180).send();
      const answer = request.createResponse(200);
      answer.setContent(request.getRawContent(), 'application/sdp');
      await answer.send();
      return;
    }
    const binding = this.#contacts.get(user);
    if (binding === undefined) {
      await request.createResponse(404).send();
      return;
    }
    const leg = request.getB2buaHelper().createRequest(request, true);
    leg.setRequestURI(this.sipFactory.createURI(binding.uri));
    leg.getSession().setFlow(binding.flow); // RFC 7118: a browser is reached on its own connection only
    copyBody(request, leg);
    await leg.send();
  }

  protected override async doProvisionalResponse(response: SipServletResponse): Promise<void> {
    if (response.getStatus() > 100) await this.#relay(response);
  }

  protected override async doSuccessResponse(response: SipServletResponse): Promise<void> {
    if (response.getMethod() !== 'INVITE') return;
    response.getSession().setAttribute('accepted', response);
    await this.#relay(response);
  }

  protected override async doErrorResponse(response: SipServletResponse): Promise<void> {
    if (response.getMethod() === 'INVITE') await this.#relay(response);
  }

  protected override async doAck(request: SipServletRequest): Promise<void> {
    const accepted = linkedTo(request)?.getAttribute('accepted') as SipServletResponse | undefined;
    if (accepted === undefined) return;
    const ack = accepted.createAck();
    copyBody(request, ack);
    await ack.send();
  }

  protected override async doBye(request: SipServletRequest): Promise<void> {
    await request.createResponse(200).send();
    await linkedTo(request)?.createRequest('BYE').send();
  }

  protected override async doCancel(request: SipServletRequest): Promise<void> {
    const linked = linkedTo(request);
    if (linked !== undefined) await request.getB2buaHelper().createCancel(linked).send();
  }

  async #relay(response: SipServletResponse): Promise<void> {
    const helper: B2buaHelper = response.getRequest().getB2buaHelper();
    const original = helper.getLinkedSipServletRequest(response.getRequest());
    if (original === undefined || original.isCommitted()) return;
    const relayed = original.createResponse(response.getStatus(), response.getReasonPhrase());
    copyBody(response, relayed);
    await relayed.send();
  }
}

/** Who is registered, as JSON; a log-in that keeps a name in the session. */
@WebServlet({ urlPatterns: ['/contacts', '/login', '/me'] })
export class TinyWebServlet extends HttpServlet {
  protected override doGet(request: HttpServletRequest, response: HttpServletResponse): void {
    if (request.getServletPath() === '/me') {
      response.json({ name: request.getSession(false)?.getAttribute('name') ?? 'nobody' });
      return;
    }
    const contacts = this.getServletContext().getAttribute('contacts') as ReadonlyMap<string, Binding>;
    response.json([...contacts.keys()].sort());
  }

  protected override doPost(request: HttpServletRequest, response: HttpServletResponse): void {
    request.getSession().setAttribute('name', request.getParameter('name') ?? '');
    response.sendRedirect('/me', 303);
  }
}

@SipApplication({ name: 'Tiny', mainServlet: TinyServlet, servlets: [TinyServlet, TinyWebServlet] })
export class Tiny {}

function linkedTo(request: SipServletRequest): SipSession | undefined {
  return request.getB2buaHelper().getLinkedSession(request.getSession());
}

function copyBody(from: SipServletMessage, to: SipServletMessage): void {
  const body = from.getRawContent();
  if (body !== undefined) to.setContent(body, from.getContentType());
}
