import { HttpServlet, type HttpServletRequest, type HttpServletResponse, Resource, WebServlet } from 'siplet';
import { involves, viewOf } from './call-book.ts';
import { CallControl } from './call-control.ts';
import { type Call, isOver } from './call.ts';
import { LiveUpdates } from './live-updates.ts';
import { currentLogin, field, sendJson, sendPage, sendUnauthorized, wantsHtml } from './login-session.ts';
import { ModelFacade } from './model-facade.ts';
import { WebPages } from './web-pages.ts';

/** Starts calls, tells how they are going, and ends them. */
@WebServlet('/calls/*')
export class PlaceCallServlet extends HttpServlet {
  @Resource() declare readonly model: ModelFacade;
  @Resource() declare readonly control: CallControl;
  @Resource() declare readonly live: LiveUpdates;
  @Resource() declare readonly pages: WebPages;

  protected override doGet(request: HttpServletRequest, response: HttpServletResponse): void {
    const login = currentLogin(request);
    if (login === undefined) return sendUnauthorized(request, response);
    if (wantsHtml(request)) return response.sendRedirect('/', 303);
    if (idIn(request) === undefined) return sendJson(response, 200, this.live.calls(login.name));
    const call = this.#callOf(request, login.name);
    return call === undefined ? noSuchCall(response) : sendJson(response, 200, viewOf(call));
  }

  protected override async doPost(request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    const login = currentLogin(request);
    if (login === undefined) return sendUnauthorized(request, response);
    if (idIn(request) !== undefined) return this.#endByForm(request, response);
    const to = (field(request, 'to') ?? '').trim().toLowerCase();
    const [caller, callee] = [await this.model.getPerson(login.name), await this.model.getPerson(to)];
    if (caller === undefined) return sendUnauthorized(request, response);
    if (callee === undefined)
      return this.#refuse(request, response, login.name, 404, `There is nobody called “${to.slice(0, 64)}”`);
    const placed = await this.control.place(caller, callee);
    if ('error' in placed) return this.#refuse(request, response, login.name, placed.status, placed.error);
    if (wantsHtml(request)) return response.sendRedirect('/', 303);
    response.setHeader('Location', `/calls/${placed.id}`);
    sendJson(response, 202, viewOf(placed));
  }

  protected override async doDelete(request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    const login = currentLogin(request);
    if (login === undefined) return sendUnauthorized(request, response);
    const call = this.#callOf(request, login.name);
    if (call === undefined) return noSuchCall(response);
    const leg = call.legs.find((each) => each.name === login.name);
    if (!isOver(call)) await this.control.endFromPage(call, leg?.displayName ?? login.name);
    response.setStatus(204);
  }

  /** A form cannot send DELETE. */
  async #endByForm(request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    await this.doDelete(request, response);
    if (response.getStatus() === 204) response.sendRedirect('/', 303);
  }

  /** A call is shown to its two people only; for anybody else it does not exist. */
  #callOf(request: HttpServletRequest, name: string): Call | undefined {
    const call = this.control.book.get(idIn(request) ?? '');
    return call !== undefined && involves(call, name) ? call : undefined;
  }

  async #refuse(
    request: HttpServletRequest,
    response: HttpServletResponse,
    name: string,
    status: number,
    error: string,
  ): Promise<void> {
    const page = wantsHtml(request) ? await this.pages.directory(name, error) : undefined;
    if (page === undefined) sendJson(response, status, { error });
    else sendPage(response, status, page);
  }
}

/** The `:id` of `/calls/:id`. */
function idIn(request: HttpServletRequest): string | undefined {
  const id = request.getPathInfo()?.replace(/^\//, '');
  return id === '' ? undefined : id;
}

function noSuchCall(response: HttpServletResponse): void {
  sendJson(response, 404, { error: 'There is no such call' });
}
