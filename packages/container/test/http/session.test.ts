import { describe, expect, test } from '@jest/globals';
import { SipApplication, WebListener, WebServlet } from '@siplet/annotations';
import { HttpServlet, HttpSessionListener } from '@siplet/api';
import type { HttpServletRequest, HttpServletResponse, HttpSessionEvent } from '@siplet/api';
import { cookieOf, webHarness } from './web-harness.ts';

@WebServlet('/*')
@WebListener(HttpSessionListener)
class LoginServlet extends HttpServlet implements HttpSessionListener {
  readonly events: string[] = [];

  protected override doGet(request: HttpServletRequest, response: HttpServletResponse): void {
    const session = request.getSession(false);
    response.json({ user: session?.getAttribute('user') ?? 'nobody', isNew: session?.isNew() });
  }

  protected override doPost(request: HttpServletRequest, response: HttpServletResponse): void {
    const session = request.getSession();
    switch (request.getPathInfo() ?? '') {
      case '/login':
        session.changeSessionId();
        session.setAttribute('user', request.getParameter('user'));
        response.sendRedirect('/', 303);
        return;
      case '/logout':
        session.invalidate();
        break;
      case '/call':
        session.getApplicationSession();
        break;
      default:
        session.setMaxInactiveInterval(60);
    }
    response.setStatus(204);
  }

  sessionCreated(event: HttpSessionEvent): void {
    this.events.push(`created ${event.getSession().isValid()}`);
  }

  sessionDestroyed(event: HttpSessionEvent): void {
    this.events.push(`destroyed ${String(event.getSession().getAttribute('user'))}`);
  }
}

@SipApplication({ name: 'Login', servlets: [LoginServlet] })
class LoginApplication {}

const post = { form: { user: 'alice' } };

describe('HTTP sessions', () => {
  test('are made lazily: reading sets no cookie', async () => {
    await using web = await webHarness(LoginApplication);
    const response = await web.request('GET', '/');
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(web.deployment.web.sessions.size).toBe(0);
  });

  test('come back by a cookie that scripts and other sites cannot use', async () => {
    await using web = await webHarness(LoginApplication);
    const login = await web.request('POST', '/login', post);
    expect(login.headers['set-cookie']).toMatch(/^SIPLETSESSION=[\w-]{24}; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(login.headers['cache-control']).toBe('no-store');
    const again = await web.request('GET', '/', { headers: { cookie: cookieOf(login) } });
    expect(JSON.parse(again.body)).toEqual({ user: 'alice', isNew: false });
    expect(again.headers['set-cookie']).toBeUndefined();
  });

  test('get Secure and the __Host- prefix behind a TLS proxy, and the path of their application', async () => {
    await using web = await webHarness(LoginApplication, {}, { trustProxy: true });
    const login = await web.request('POST', '/login', { ...post, headers: { 'x-forwarded-proto': 'https' } });
    expect(login.headers['set-cookie']).toMatch(
      /^__Host-SIPLETSESSION=[\w-]{24}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    await using shop = await webHarness(LoginApplication, { contextPath: '/shop' }, { trustProxy: true });
    const under = await shop.request('POST', '/shop/login', { ...post, headers: { 'x-forwarded-proto': 'https' } });
    expect(under.headers['set-cookie']).toMatch(
      /^SIPLETSESSION=[\w-]{24}; Path=\/shop; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  test('never take over an id that we did not give out, and change it at login (session fixation)', async () => {
    await using web = await webHarness(LoginApplication);
    const planted = await web.request('POST', '/x', { ...post, headers: { cookie: 'SIPLETSESSION=planted' } });
    const before = cookieOf(planted);
    expect(before).not.toContain('planted');
    const login = await web.request('POST', '/login', { ...post, headers: { cookie: before } });
    const after = cookieOf(login);
    expect(after).not.toBe(before);
    const user = async (cookie: string): Promise<unknown> =>
      JSON.parse((await web.request('GET', '/', { headers: { cookie } })).body).user;
    expect([await user(before), await user(after)]).toEqual(['nobody', 'alice']);
    expect(web.deployment.web.sessions.size).toBe(1);
  });

  test('end after their inactive interval, counted from the last request', async () => {
    await using web = await webHarness(LoginApplication);
    const cookie = cookieOf(await web.request('POST', '/login', post));
    await web.clock.advance('29m');
    await web.request('GET', '/', { headers: { cookie } });
    await web.clock.advance('29m');
    expect(web.deployment.web.sessions.size).toBe(1);
    await web.clock.advance('1m');
    expect(web.deployment.web.sessions.size).toBe(0);
    expect(JSON.parse((await web.request('GET', '/', { headers: { cookie } })).body)).toEqual({ user: 'nobody' });
  });

  test('end after the interval that the servlet sets', async () => {
    await using web = await webHarness(LoginApplication);
    await web.request('POST', '/interval', post);
    await web.clock.advance('59s');
    expect(web.deployment.web.sessions.size).toBe(1);
    await web.clock.advance('1s');
    expect(web.deployment.web.sessions.size).toBe(0);
    expect(web.clock.nextDeadline()).toBe(Infinity);
  });

  test('end with invalidate(), which takes the cookie back and tells the listeners', async () => {
    await using web = await webHarness(LoginApplication);
    const cookie = cookieOf(await web.request('POST', '/login', post));
    const logout = await web.request('POST', '/logout', { headers: { cookie } });
    expect(logout.headers['set-cookie']).toMatch(/^SIPLETSESSION=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax$/);
    const servlet = web.deployment.web.servletNamed('LoginServlet') as LoginServlet;
    expect(servlet.events).toEqual(['created true', 'destroyed alice']);
  });
});

describe('a converged session', () => {
  test('is bound to one application session and enters its mailbox from then on (api.md §4)', async () => {
    await using web = await webHarness(LoginApplication);
    const cookie = cookieOf(await web.request('POST', '/call', post));
    const [applicationSession] = web.applicationSessions;
    expect(applicationSession?.entered).toEqual([]);
    await web.request('POST', '/call', { headers: { cookie } });
    expect(web.applicationSessions).toHaveLength(1);
    expect(applicationSession?.entered).toEqual(['in', 'out']);
  });

  test('keeps the binding when its id changes, and lets go when it ends', async () => {
    await using web = await webHarness(LoginApplication);
    const first = cookieOf(await web.request('POST', '/call', post));
    const second = cookieOf(await web.request('POST', '/login', { ...post, headers: { cookie: first } }));
    const [applicationSession] = web.applicationSessions;
    expect([...(applicationSession?.httpSessions.keys() ?? [])]).toEqual([second.split('=')[1]]);
    await web.request('POST', '/logout', { headers: { cookie: second } });
    expect(applicationSession?.httpSessions.size).toBe(0);
  });

  test('ends with its application session', async () => {
    await using web = await webHarness(LoginApplication);
    await web.request('POST', '/call', post);
    const [applicationSession] = web.applicationSessions;
    for (const session of applicationSession?.httpSessions.values() ?? []) session.invalidate();
    expect(web.deployment.web.sessions.size).toBe(0);
  });

  test('makes a new application session when the old one has ended without it', async () => {
    await using web = await webHarness(LoginApplication);
    const cookie = cookieOf(await web.request('POST', '/call', post));
    for (const session of web.applicationSessions) session.valid = false;
    expect((await web.request('POST', '/call', { headers: { cookie } })).statusCode).toBe(204);
    expect(web.applicationSessions).toHaveLength(2);
  });
});
