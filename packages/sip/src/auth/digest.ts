import { isAll, quote, requireSafe, requireToken, Scanner, TOKEN, unquote, VALUE } from '../grammar/scanner.ts';
import { unescapeUser } from '../uri/sip-uri.ts';

/** Hash algorithms of RFC 7616 and RFC 8760. */
export type DigestAlgorithm = 'MD5' | 'SHA-256' | 'SHA-512-256';

/** Lower-case hexadecimal hash of binary text; injected. */
export type HashFunction = (algorithm: DigestAlgorithm, text: string) => string;

/** A WWW-Authenticate or Proxy-Authenticate value. */
export interface DigestChallenge {
  readonly scheme: string;
  readonly realm: string;
  readonly nonce: string;
  /** As written, also `MD5-sess`; absent means MD5. */
  readonly algorithm?: string | undefined;
  readonly qop?: readonly string[] | undefined;
  readonly opaque?: string | undefined;
  readonly domain?: string | undefined;
  readonly stale?: boolean | undefined;
  readonly userhash?: boolean | undefined;
  readonly charset?: string | undefined;
}

/** An Authorization or Proxy-Authorization value. */
export interface DigestCredentials {
  /** Binary text. */
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm?: string | undefined;
  readonly cnonce?: string | undefined;
  readonly opaque?: string | undefined;
  readonly qop?: string | undefined;
  /** Eight hexadecimal digits, as written. */
  readonly nc?: string | undefined;
  readonly userhash?: boolean | undefined;
}

/** What goes into a response value. */
export interface DigestResponseInput {
  /** H(user:realm:password), also for `-sess`. */
  readonly ha1: string;
  /** With `-sess` the session form of A1 is computed from `ha1`. */
  readonly algorithm: DigestAlgorithm | `${DigestAlgorithm}-sess`;
  readonly nonce: string;
  readonly nc?: string | undefined;
  readonly cnonce?: string | undefined;
  readonly qop?: string | undefined;
  readonly method: string;
  readonly uri: string;
  /** Binary text; only for qop=auth-int. */
  readonly body?: string | undefined;
}

/** What answerChallenge needs; texts are binary text. */
export interface AnswerInput {
  readonly challenge: DigestChallenge;
  readonly user: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  /** Count of requests sent with this nonce, from 1. */
  readonly nc: number;
  readonly cnonce: string;
  readonly body?: string | undefined;
}

const ALGORITHMS: ReadonlyMap<string, DigestAlgorithm | `${DigestAlgorithm}-sess`> = new Map(
  (['MD5', 'SHA-256', 'SHA-512-256', 'MD5-sess', 'SHA-256-sess', 'SHA-512-256-sess'] as const).map((name) => [
    name.toLowerCase(),
    name,
  ]),
);

/** The algorithm a text names in any case (MD5 when absent); undefined for an unknown one. */
export function digestAlgorithm(text: string | undefined): DigestAlgorithm | `${DigestAlgorithm}-sess` | undefined {
  return text === undefined ? 'MD5' : ALGORITHMS.get(text.toLowerCase());
}

/** H(user:realm:password), the only thing a server needs to store (RFC 7616 §3.4.2). */
export function digestA1(
  hash: HashFunction,
  algorithm: DigestAlgorithm,
  user: string,
  realm: string,
  password: string,
): string {
  return hash(algorithm, `${user}:${realm}:${password}`);
}

/** The response value of RFC 7616 §3.4.1, or of RFC 2069 without qop. */
export function digestResponse(hash: HashFunction, input: DigestResponseInput): string {
  const session = input.algorithm.endsWith('-sess');
  const algorithm = (session ? input.algorithm.slice(0, -5) : input.algorithm) as DigestAlgorithm;
  const cnonce = input.cnonce ?? '';
  const ha1 = session ? hash(algorithm, `${input.ha1}:${input.nonce}:${cnonce}`) : input.ha1;
  const a2 = `${input.method}:${input.uri}`;
  const ha2 = hash(algorithm, input.qop === 'auth-int' ? `${a2}:${hash(algorithm, input.body ?? '')}` : a2);
  if (input.qop === undefined) return hash(algorithm, `${ha1}:${input.nonce}:${ha2}`);
  return hash(algorithm, `${ha1}:${input.nonce}:${input.nc ?? ''}:${cnonce}:${input.qop}:${ha2}`);
}

/** Credentials for a challenge; prefers qop=auth. An unknown algorithm is answered as MD5. */
export function answerChallenge(hash: HashFunction, input: AnswerInput): DigestCredentials {
  const { challenge, user, method, uri, cnonce } = input;
  const algorithm = digestAlgorithm(challenge.algorithm) ?? 'MD5';
  const plain = algorithm.replace('-sess', '') as DigestAlgorithm;
  const offered = challenge.qop ?? [];
  const qop = offered.includes('auth') ? 'auth' : offered.includes('auth-int') ? 'auth-int' : undefined;
  const nc = qop === undefined ? undefined : input.nc.toString(16).padStart(8, '0');
  const ha1 = digestA1(hash, plain, user, challenge.realm, input.password);
  const { nonce, realm, opaque } = challenge;
  const response = digestResponse(hash, { ha1, algorithm, nonce, nc, cnonce, qop, method, uri, body: input.body });
  return {
    username: challenge.userhash === true ? hash(plain, `${user}:${realm}`) : user,
    realm,
    nonce,
    uri,
    response,
    algorithm: challenge.algorithm,
    cnonce: qop === undefined && plain === algorithm ? undefined : cnonce,
    opaque,
    qop,
    nc,
    userhash: challenge.userhash,
  };
}

/** Every Digest challenge in a header value; other schemes and malformed ones are left out. Never throws. */
export function parseChallenges(text: string): DigestChallenge[] {
  const challenges: DigestChallenge[] = [];
  for (const { scheme, params } of schemes(text)) {
    const realm = params.get('realm');
    const nonce = params.get('nonce');
    if (realm === undefined || nonce === undefined) continue;
    challenges.push({
      scheme,
      realm,
      nonce,
      algorithm: params.get('algorithm'),
      qop: params
        .get('qop')
        ?.split(',')
        .map((value) => value.trim().toLowerCase()),
      opaque: params.get('opaque'),
      domain: params.get('domain'),
      stale: flag(params.get('stale')),
      userhash: flag(params.get('userhash')),
      charset: params.get('charset'),
    });
  }
  return challenges;
}

/** Digest credentials of a header value; undefined when it is another scheme or malformed. Never throws. */
export function parseCredentials(text: string): DigestCredentials | undefined {
  const [first, second] = schemes(text);
  if (first === undefined || second !== undefined) return undefined;
  const { params } = first;
  const username = params.get('username') ?? extendedName(params.get('username*'));
  const realm = params.get('realm');
  const nonce = params.get('nonce');
  const uri = params.get('uri');
  const response = params.get('response');
  if (username === undefined || realm === undefined || nonce === undefined) return undefined;
  if (uri === undefined || response === undefined) return undefined;
  return {
    username,
    realm,
    nonce,
    uri,
    response,
    algorithm: params.get('algorithm'),
    cnonce: params.get('cnonce'),
    opaque: params.get('opaque'),
    qop: params.get('qop')?.toLowerCase(),
    nc: params.get('nc'),
    userhash: flag(params.get('userhash')),
  };
}

function flag(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text.toLowerCase() === 'true';
}

// RFC 7616 §3.4: UTF-8''J%C3%A4s%C3%B8n
function extendedName(text: string | undefined): string | undefined {
  if (text === undefined || text.slice(0, 7).toUpperCase() !== "UTF-8''") return undefined;
  return unescapeUser(text.slice(7));
}

interface Scheme {
  readonly scheme: string;
  readonly params: Map<string, string>;
}

const MAX_PARAMETERS = 64;

// A word followed by = is a parameter of the scheme before it, otherwise a new scheme. Only Digest is kept.
function schemes(text: string): Scheme[] {
  const found: Scheme[] = [];
  const scanner = new Scanner(text);
  let current: Scheme | undefined;
  for (let count = 0; count < MAX_PARAMETERS; count++) {
    while (scanner.eat(44) || scanner.eat(32) || scanner.eat(9));
    if (scanner.done) return found.filter(({ scheme }) => scheme.toLowerCase() === 'digest');
    const word = scanner.run(TOKEN);
    if (word === '') return [];
    scanner.skipBlanks();
    if (!scanner.eat(61)) {
      current = { scheme: word, params: new Map() };
      found.push(current);
      continue;
    }
    scanner.skipBlanks();
    const value = scanner.code === 34 ? scanner.quoted() : scanner.run(VALUE);
    const name = word.toLowerCase();
    if (value === undefined || current === undefined || current.params.has(name)) return [];
    current.params.set(name, unquote(value));
  }
  return [];
}

function word(name: string, value: string | undefined): string {
  if (value === undefined) return '';
  requireToken(value);
  return `, ${name}=${value}`;
}

function text(name: string, value: string | undefined): string {
  if (value === undefined) return '';
  requireSafe(value);
  return `, ${name}=${quote(value)}`;
}

/** A challenge as header value; what RFC 7616 §3.3 wants quoted is quoted. @throws SIP_ERR_HEADER_INJECTION, SIP_ERR_HEADER_NAME */
export function formatChallenge(challenge: DigestChallenge): string {
  const fields =
    text('realm', challenge.realm) +
    text('domain', challenge.domain) +
    text('nonce', challenge.nonce) +
    text('opaque', challenge.opaque) +
    (challenge.stale === true ? ', stale=true' : '') +
    word('algorithm', challenge.algorithm) +
    text('qop', challenge.qop?.join(',')) +
    word('charset', challenge.charset) +
    (challenge.userhash === true ? ', userhash=true' : '');
  return `Digest ${fields.slice(2)}`;
}

/** Credentials as header value (RFC 7616 §3.4). @throws SIP_ERR_HEADER_INJECTION, SIP_ERR_HEADER_NAME */
export function formatCredentials(credentials: DigestCredentials): string {
  const fields =
    text('username', credentials.username) +
    text('realm', credentials.realm) +
    text('nonce', credentials.nonce) +
    text('uri', credentials.uri) +
    text('response', credentials.response) +
    word('algorithm', credentials.algorithm) +
    text('cnonce', credentials.cnonce) +
    text('opaque', credentials.opaque) +
    word('qop', credentials.qop) +
    word('nc', credentials.nc) +
    (credentials.userhash === true ? ', userhash=true' : '');
  return `Digest ${fields.slice(2)}`;
}

/** True for a nonce count as RFC 7616 §3.4 writes it: eight hexadecimal digits. */
export function isNonceCount(value: string | undefined): value is string {
  return (
    value !== undefined &&
    value.length === 8 &&
    isAll(value.toLowerCase(), TOKEN) &&
    !Number.isNaN(Number(`0x${value}`))
  );
}
