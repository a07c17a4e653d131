// Who a request comes from. One browser can be several people, each in a tab of its own.
import { randomUUID } from 'node:crypto';
import type { HttpServletRequest, HttpServletResponse } from 'siplet';

/** One signed-in person of a browser session; plain data. */
export interface Login {
  readonly name: string;
  /** Tells this login from an earlier one of the same person. */
  readonly id: string;
}

/**
 * The person a request speaks for: the one it names with `as`, if that one has signed in in this browser,
 * otherwise the one who signed in last.
 */
export function currentLogin(request: HttpServletRequest): Login | undefined {
  const logins = loginsOf(request);
  const as = field(request, 'as');
  return as === undefined ? logins.at(-1) : logins.find((each) => each.name === as);
}

/** Whether anybody has signed in in this browser. */
export function isAnybodySignedIn(request: HttpServletRequest): boolean {
  return loginsOf(request).length > 0;
}

/** Notes a sign-in, under a new session id (a session that somebody planted is worth nothing afterwards). */
export function signIn(request: HttpServletRequest, name: string): void {
  const logins = loginsOf(request).filter((each) => each.name !== name);
  const session = request.getSession();
  session.setAttribute('logins', [...logins, { name, id: randomUUID() }]);
  session.changeSessionId();
}

/** Notes a sign-out; the session ends with its last person. */
export function signOut(request: HttpServletRequest, login: Login): void {
  const rest = loginsOf(request).filter((each) => each.id !== login.id);
  const session = request.getSession(false);
  if (rest.length > 0) session?.setAttribute('logins', rest);
  else session?.invalidate();
}

function loginsOf(request: HttpServletRequest): readonly Login[] {
  return (request.getSession(false)?.getAttribute('logins') as readonly Login[] | undefined) ?? [];
}

/** A text field of a query, a form or a JSON body. */
export function field(request: HttpServletRequest, name: string): string | undefined {
  const content = request.getContent();
  if (typeof content === 'object' && content !== null && Object.hasOwn(content, name)) {
    const value: unknown = (content as Record<string, unknown>)[name];
    if (typeof value === 'string') return value;
  }
  return request.getParameter(name);
}

/** Whether the answer goes to a person rather than a program: browsers ask for HTML by name. */
export function wantsHtml(request: HttpServletRequest): boolean {
  const accept = request.getHeader('Accept') ?? '';
  return accept.includes('text/html') && !accept.trimStart().startsWith('application/json');
}

/** Whether a form was posted by hand, as by a browser or by curl, rather than by a program that asks for JSON. */
export function isForm(request: HttpServletRequest): boolean {
  const asksForJson = (request.getHeader('Accept') ?? '').includes('application/json');
  return wantsHtml(request) || (!asksForJson && request.getContentType()?.includes('form') === true);
}

/** Answers a program with a status and a JSON object. */
export function sendJson(response: HttpServletResponse, status: number, value: unknown): void {
  response.setStatus(status);
  response.setHeader('Cache-Control', 'no-store');
  response.json(value);
}

/** Answers a person with a page. */
export function sendPage(response: HttpServletResponse, status: number, page: string): void {
  response.setStatus(status);
  response.setHeader('Cache-Control', 'no-store');
  response.setContentType('text/html; charset=utf-8');
  response.write(page);
}

/** Answers somebody who has not signed in. */
export function sendUnauthorized(request: HttpServletRequest, response: HttpServletResponse): void {
  if (wantsHtml(request)) response.sendRedirect('/', 303);
  else sendJson(response, 401, { error: 'Sign in first: POST /login with name and password' });
}
