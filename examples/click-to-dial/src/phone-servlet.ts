import { HttpServlet, type HttpServletRequest, type HttpServletResponse, Resource, WebServlet } from 'siplet';
import { currentLogin, sendJson, sendUnauthorized } from './login-session.ts';
import { ModelFacade } from './model-facade.ts';
import { PhonePasses } from './phone-passes.ts';

/** Gives the phone in the page what it needs in order to register: an address, and a password for an hour. */
@WebServlet('/phone')
export class PhoneServlet extends HttpServlet {
  @Resource() declare readonly model: ModelFacade;
  @Resource() declare readonly passes: PhonePasses;

  protected override async doPost(request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    const login = currentLogin(request);
    const person = login === undefined ? undefined : await this.model.getPerson(login.name);
    if (login === undefined || person === undefined) return sendUnauthorized(request, response);
    sendJson(response, 200, {
      uri: `sip:${person.aor}`,
      displayName: person.displayName,
      ...this.passes.issue(person.name, login.id),
      path: '/sip',
    });
  }
}
