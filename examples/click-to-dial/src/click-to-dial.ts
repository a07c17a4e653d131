import { SipApplication, SipApplicationKey, type SipServletRequest } from 'siplet';
import { AssetsServlet } from './assets-servlet.ts';
import { registrarKey } from './binding-keeper.ts';
import { CallSipServlet } from './call-sip-servlet.ts';
import { EventsServlet } from './events-servlet.ts';
import { LoginServlet } from './login-servlet.ts';
import { PageServlet } from './page-servlet.ts';
import { PeopleServlet } from './people-servlet.ts';
import { PhoneServlet } from './phone-servlet.ts';
import { PlaceCallServlet } from './place-call-servlet.ts';
import { RegistrarServlet } from './registrar-servlet.ts';
import { SessionListener } from './session-listener.ts';

/** Click-to-Dial, the example of the SIP Servlet tutorial: people register phones and call each other from a page. */
@SipApplication({
  name: 'ClickToDial',
  displayName: 'Click to dial',
  mainServlet: RegistrarServlet,
  servlets: [
    RegistrarServlet,
    CallSipServlet,
    LoginServlet,
    PlaceCallServlet,
    PageServlet,
    PeopleServlet,
    PhoneServlet,
    EventsServlet,
    AssetsServlet,
  ],
  listeners: [SessionListener],
  sessionTimeout: 3,
  proxyTimeout: 180,
})
export class ClickToDial {
  /** Everything about one address of record happens in one application session, so REGISTERs never overtake each other. */
  @SipApplicationKey
  static key(request: SipServletRequest): string | undefined {
    const uri = request.getTo().getURI();
    if (request.getMethod() !== 'REGISTER' || !uri.isSipURI()) return undefined;
    return registrarKey(uri.getUser()?.toLowerCase() ?? '');
  }
}
