import { HttpServlet, type HttpServletRequest, type HttpServletResponse, Resource, WebServlet } from 'siplet';
import { LiveUpdates } from './live-updates.ts';
import { currentLogin, sendJson, sendUnauthorized, wantsHtml } from './login-session.ts';

/** The directory as JSON. */
@WebServlet('/people')
export class PeopleServlet extends HttpServlet {
  @Resource() declare readonly live: LiveUpdates;

  protected override async doGet(request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    if (currentLogin(request) === undefined) return sendUnauthorized(request, response);
    if (wantsHtml(request)) return response.sendRedirect('/', 303);
    sendJson(response, 200, await this.live.people());
  }
}
