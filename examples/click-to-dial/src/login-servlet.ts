import { HttpServlet, type HttpServletRequest, type HttpServletResponse, Resource, WebServlet } from 'siplet';
import { LiveUpdates } from './live-updates.ts';
import { LoginThrottle } from './login-throttle.ts';
import {
  currentLogin,
  field,
  isAnybodySignedIn,
  sendJson,
  sendPage,
  signIn,
  signOut,
  isForm,
} from './login-session.ts';
import { ModelFacade } from './model-facade.ts';
import { PhonePasses } from './phone-passes.ts';
import { WebPages } from './web-pages.ts';

const SIGN_UP_PROBLEMS = {
  taken: 'Somebody has that name already',
  'bad-name': 'A name has up to 32 small letters, digits, dots, dashes and underscores, and starts with a letter',
  'bad-password': 'Choose a password',
};

/** Signs people in and out, and adds new ones. */
@WebServlet({ urlPatterns: ['/login', '/signup', '/logout'] })
export class LoginServlet extends HttpServlet {
  @Resource() declare readonly model: ModelFacade;
  @Resource() declare readonly passes: PhonePasses;
  @Resource() declare readonly live: LiveUpdates;
  @Resource() declare readonly pages: WebPages;
  @Resource() declare readonly throttle: LoginThrottle;

  /** The login page, also for somebody who is signed in: a second tab may be somebody else. */
  protected override async doGet(request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    if (request.getServletPath() !== '/login') return response.sendRedirect('/', 303);
    const name = field(request, 'name');
    sendPage(response, 200, await this.pages.login(name === undefined ? {} : { name }));
  }

  protected override async doPost(request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    switch (request.getServletPath()) {
      case '/login':
        return this.#login(request, response);
      case '/signup':
        return this.#signUp(request, response);
      default:
        return this.#logout(request, response);
    }
  }

  async #login(request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    const name = (field(request, 'name') ?? '').trim().toLowerCase();
    const key = `${request.getRemoteAddr()} ${name}`;
    if (this.throttle.isClosed(key))
      return this.#refuse(request, response, 429, { name, error: 'Too many attempts. Wait a minute.' });
    if (!(await this.model.checkPassword(name, field(request, 'password') ?? ''))) {
      this.throttle.failed(key);
      return this.#refuse(request, response, 401, { name, error: 'Name or password is wrong' });
    }
    this.throttle.succeeded(key);
    this.#welcome(request, response, name);
  }

  async #signUp(request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    const name = (field(request, 'name') ?? '').trim().toLowerCase();
    const outcome = await this.model.signUp(
      name,
      field(request, 'displayName') ?? '',
      field(request, 'password') ?? '',
    );
    if (outcome !== 'ok') {
      const status = outcome === 'taken' ? 409 : 400;
      return this.#refuse(request, response, status, { name, error: SIGN_UP_PROBLEMS[outcome], signUp: true });
    }
    await this.live.peopleChanged();
    this.#welcome(request, response, name);
  }

  #logout(request: HttpServletRequest, response: HttpServletResponse): void {
    const login = currentLogin(request);
    if (login !== undefined) {
      this.passes.revoke(login.name, login.id);
      signOut(request, login);
      // Pages that may still look come back by themselves; the others meet a 401.
      this.live.close(login.name);
    }
    // Somebody else of this browser may still be signed in; this tab should not become theirs.
    if (isForm(request)) response.sendRedirect(isAnybodySignedIn(request) ? '/login' : '/', 303);
    else sendJson(response, 200, {});
  }

  #welcome(request: HttpServletRequest, response: HttpServletResponse, name: string): void {
    signIn(request, name);
    if (isForm(request)) response.sendRedirect('/', 303);
    else sendJson(response, 200, { name });
  }

  async #refuse(
    request: HttpServletRequest,
    response: HttpServletResponse,
    status: number,
    view: { name: string; error: string; signUp?: boolean },
  ): Promise<void> {
    if (isForm(request)) sendPage(response, status, await this.pages.login(view));
    else sendJson(response, status, { error: view.error });
  }
}
