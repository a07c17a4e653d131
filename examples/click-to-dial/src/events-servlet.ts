import { HttpServlet, type HttpServletRequest, type HttpServletResponse, Resource, WebServlet } from 'siplet';
import { LiveUpdates } from './live-updates.ts';
import { currentLogin, sendJson } from './login-session.ts';

/** Server-sent events: `people` with the whole directory, `call` with one call. */
@WebServlet({ urlPatterns: ['/events'], asyncSupported: true })
export class EventsServlet extends HttpServlet {
  @Resource() declare readonly live: LiveUpdates;

  protected override async doGet(request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    const login = currentLogin(request);
    if (login === undefined)
      return sendJson(response, 401, { error: 'Sign in first: POST /login with name and password' });
    const context = request.startAsync();
    context.setTimeout(0);
    await this.live.open(login.name, context.getEventStream());
  }
}
