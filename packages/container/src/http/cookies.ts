// RFC 6265 cookies, both ways.
import type { Cookie } from '@siplet/api';
import { IllegalArgumentError } from '@siplet/api';
import { httpHeader } from '../errors.ts';

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/; // RFC 6265 §4.1.1: token
const PLAIN_VALUE = /^[!#-+\--:<-[\]-~]*$/; // cookie-octet
const ATTRIBUTE = /^[ -:<-~]*$/; // no control characters, no semicolon

/** The cookies of a Cookie header by name; of several with one name the first counts (RFC 6265 §5.4). */
export function parseCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    const name = pair.slice(0, equals).trim();
    const value = pair
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    if (!cookies.has(name)) cookies.set(name, decode(value));
  }
  return cookies;
}

/**
 * The value of a Set-Cookie header; what a cookie value cannot hold is percent-encoded.
 * @throws {IllegalArgumentError} CTR_ERR_HTTP_HEADER
 */
export function formatCookie(cookie: Cookie): string {
  const { name, value, path, domain, maxAge, httpOnly, secure, sameSite } = cookie;
  if (!NAME.test(name) || !ATTRIBUTE.test(path ?? '') || !ATTRIBUTE.test(domain ?? ''))
    throw new IllegalArgumentError(httpHeader.code, httpHeader.text('Set-Cookie', JSON.stringify(cookie)));
  const parts = [`${name}=${PLAIN_VALUE.test(value) ? value : encodeURIComponent(value.toWellFormed())}`];
  if (maxAge !== undefined) parts.push(`Max-Age=${Math.floor(maxAge)}`);
  if (domain !== undefined) parts.push(`Domain=${domain}`);
  if (path !== undefined) parts.push(`Path=${path}`);
  if (httpOnly === true) parts.push('HttpOnly');
  if (secure === true) parts.push('Secure');
  if (sameSite !== undefined) parts.push(`SameSite=${SAME_SITE[sameSite]}`);
  return parts.join('; ');
}

const SAME_SITE = { strict: 'Strict', lax: 'Lax', none: 'None' } as const;

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
