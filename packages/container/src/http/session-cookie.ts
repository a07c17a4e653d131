// Which cookie carries the session id. Over HTTPS at the root the __Host- prefix binds it to this very host.
import { formatCookie, parseCookies } from './cookies.ts';

const NAME = 'SIPLETSESSION';

/** Where a session cookie lives. */
export interface CookieScope {
  readonly secure: boolean;
  /** '' or '/path' */
  readonly contextPath: string;
}

/** The name of the session cookie in a scope. */
export function sessionCookieName(scope: CookieScope): string {
  return scope.secure && scope.contextPath === '' ? `__Host-${NAME}` : NAME;
}

/** The session id in a Cookie header. */
export function readSessionId(header: string | undefined, scope: CookieScope): string | undefined {
  return parseCookies(header).get(sessionCookieName(scope));
}

/** The Set-Cookie value that hands an id out; an undefined id takes the cookie back. */
export function sessionCookie(id: string | undefined, scope: CookieScope): string {
  return formatCookie({
    name: sessionCookieName(scope),
    value: id ?? '',
    path: scope.contextPath === '' ? '/' : scope.contextPath,
    httpOnly: true,
    sameSite: 'lax',
    secure: scope.secure,
    ...(id === undefined ? { maxAge: 0 } : {}),
  });
}
