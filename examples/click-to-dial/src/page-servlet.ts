import { HttpServlet, type HttpServletRequest, type HttpServletResponse, Resource, WebServlet } from 'siplet';
import { LiveUpdates } from './live-updates.ts';
import { currentLogin, sendJson, sendPage, sendUnauthorized, wantsHtml } from './login-session.ts';
import { WebPages } from './web-pages.ts';

/** The page: sign in, or the directory. */
@WebServlet('/')
export class PageServlet extends HttpServlet {
  @Resource() declare readonly pages: WebPages;
  @Resource() declare readonly live: LiveUpdates;

  protected override async doGet(request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    if (request.getRequestURI() !== `${request.getContextPath()}/`) return this.#notFound(request, response);
    const login = currentLogin(request);
    if (request.getHeader('Accept')?.startsWith('application/json') === true) {
      if (login === undefined) return sendUnauthorized(request, response);
      const [name, calls] = [login.name, this.live.calls(login.name)];
      return sendJson(response, 200, { name, people: await this.live.people(), calls });
    }
    const directory = login === undefined ? undefined : await this.pages.directory(login.name);
    sendPage(response, 200, directory ?? (await this.pages.login()));
  }

  #notFound(request: HttpServletRequest, response: HttpServletResponse): void {
    if (wantsHtml(request)) sendPage(response, 404, this.pages.error('Not found', 'There is nothing at this address.'));
    else sendJson(response, 404, { error: 'Not found' });
  }
}
