// A page of another site must not act in a user's name: an unsafe request needs to come from our own pages, or from
// something that is no browser. Browsers set both headers themselves; pages cannot forge them.
import type { IncomingHttpHeaders } from 'node:http';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Why a request is refused, or undefined when it may pass. */
export function crossSiteReason(
  method: string,
  headers: IncomingHttpHeaders,
  allowedOrigins: readonly string[],
): string | undefined {
  if (SAFE_METHODS.has(method)) return undefined;
  const { origin, host } = headers;
  if (origin !== undefined && allowedOrigins.includes(origin)) return undefined;
  const site = headers['sec-fetch-site'];
  if (site !== undefined)
    return site === 'same-origin' || site === 'none' ? undefined : `Sec-Fetch-Site is ${String(site)}`;
  if (origin === undefined || isSameOrigin(origin, host)) return undefined;
  return `Origin is ${origin}`;
}

/** Whether a browser's Origin names the host it talks to; the scheme may differ behind a TLS proxy. */
export function isSameOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  // new URL drops the scheme's default port from `host`; do the same to the Host header.
  const own = URL.canParse(`${url.protocol}//${host}`) ? new URL(`${url.protocol}//${host}`).host : undefined;
  return own !== undefined && url.host === own;
}
