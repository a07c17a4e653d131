import type { SipServletRequest, SipServletResponse } from '@siplet/api';
import {
  type DigestAlgorithm,
  type DigestCredentials,
  digestA1,
  digestResponse,
  formatChallenge,
  type HashFunction,
  parseCredentials,
} from '@siplet/sip';
import { toApplication, toCore } from '../address/text.ts';
import { notARequestOfOurs } from '../sip-errors.ts';
import { illegalArgument } from '../message/illegal.ts';
import { ContainerRequest } from '../message/request.ts';
import type { ContainerResponse } from '../message/response.ts';
import type { Failures } from './failures.ts';
import { type Nonces, sameText } from './nonces.ts';

/** What is stored for a user: H(user:realm:password) per algorithm, never the password. */
export interface DigestUser {
  readonly ha1: Partial<Record<DigestAlgorithm, string>>;
}

/** How a request has to prove who sends it. */
export interface DigestOptions {
  readonly realm: string;
  /** True: 407 and Proxy-Authorization; default 401 and Authorization (RFC 3261 §22.3). */
  readonly proxy?: boolean;
  /**
   * The challenges, in their order; default SHA-256, then MD5 (RFC 8760 §2.4). Many phones need `['MD5']`: baresip 1.0
   * gives up when any challenge is not MD5, and SIPp and JsSIP read only the first one.
   */
  readonly algorithms?: readonly OfferedAlgorithm[];
  /** Looks a user up; undefined for an unknown one. */
  credentials(user: string): Promise<DigestUser | undefined>;
}

/** The outcome: the proven user, or a challenge that is ready and not sent. */
export type DigestResult =
  | { readonly ok: true; readonly user: string }
  | {
      readonly ok: false;
      readonly response: SipServletResponse;
      /** Wait so long before sending it; grows with repeated failures. Milliseconds. */
      readonly delayMs: number;
    };

/** Checks digest credentials of requests (RFC 3261 §22, RFC 7616, RFC 8760); `@Resource(DigestAuthenticator)`. */
export abstract class DigestAuthenticator {
  /** The user who proves to know the password, or a challenge. Rejects only when `credentials` rejects. */
  abstract authenticate(request: SipServletRequest, options: DigestOptions): Promise<DigestResult>;
  /** H(user:realm:password) for each algorithm that is offered: what a user store keeps (RFC 7616 §3.4.2). */
  abstract secrets(user: string, realm: string, password: string): Record<OfferedAlgorithm, string>;
}

/** SHA-256 first; MD5 second, because many phones know nothing else (RFC 8760 §2.4). */
const OFFERED = ['SHA-256', 'MD5'] as const;
/** The algorithms that challenges offer. */
export type OfferedAlgorithm = (typeof OFFERED)[number];
const HEX_LENGTH: Record<OfferedAlgorithm, number> = { 'SHA-256': 64, MD5: 32 };

/** What is shared by the authenticators of one container. */
export interface DigestParts {
  readonly hash: HashFunction;
  readonly nonces: Nonces;
  readonly failures: Failures;
}

type Verdict = 'ok' | 'stale' | 'wrong';

/** The container's {@link DigestAuthenticator}. */
export class ContainerDigestAuthenticator extends DigestAuthenticator {
  readonly #parts: DigestParts;

  constructor(parts: DigestParts) {
    super();
    this.#parts = parts;
  }

  async authenticate(request: SipServletRequest, options: DigestOptions): Promise<DigestResult> {
    if (!(request instanceof ContainerRequest)) throw illegalArgument(notARequestOfOurs, 'authenticate');
    const source = request.getRemoteAddr() ?? '';
    const credentials = findCredentials(request, options);
    if (credentials === undefined) return this.#challenge(request, options, source, false, 0);
    const name = toApplication(credentials.username);
    // Looked up for unknown users too, and judged in the same steps: nobody can tell them apart by time.
    const user = await options.credentials(name);
    const verdict = this.#judge(request, credentials, user, source, options.algorithms ?? OFFERED);
    if (verdict === 'ok') {
      this.#parts.failures.succeeded(source, name);
      request.remoteUser = name;
      return { ok: true, user: name };
    }
    const delayMs = verdict === 'wrong' ? this.#delay(credentials, options, source, name) : 0;
    return this.#challenge(request, options, source, verdict === 'stale', delayMs);
  }

  secrets(user: string, realm: string, password: string): Record<OfferedAlgorithm, string> {
    const of = (algorithm: OfferedAlgorithm): string =>
      digestA1(this.#parts.hash, algorithm, toCore(user), toCore(realm), toCore(password));
    return { 'SHA-256': of('SHA-256'), MD5: of('MD5') };
  }

  #judge(
    request: ContainerRequest,
    credentials: DigestCredentials,
    user: DigestUser | undefined,
    source: string,
    algorithms: readonly OfferedAlgorithm[],
  ): Verdict {
    const { nonces, hash } = this.#parts;
    const algorithm = offered(credentials.algorithm, algorithms);
    // Only what was offered, and with a count: RFC 7616 §3.4 (qop=auth is required)
    const acceptable = algorithm !== undefined && credentials.qop === 'auth' && isCount(credentials.nc);
    const used = algorithm ?? 'SHA-256';
    const ha1 = user?.ha1[used] ?? nonces.fake(credentials.username, credentials.realm, HEX_LENGTH[used]);
    const { nonce, nc, cnonce, qop, uri } = credentials;
    const method = request.getMethod();
    const expected = digestResponse(hash, { ha1, algorithm: used, nonce, nc, cnonce, qop, method, uri });
    const verdict = nonces.verdict(nonce, source, credentials.realm);
    const right = sameText(expected, credentials.response.toLowerCase());
    if (!acceptable || user?.ha1[used] === undefined || !right || verdict === 'foreign') return 'wrong';
    if (verdict === 'stale') return 'stale';
    return nonces.use(nonce, Number.parseInt(nc ?? '', 16)) ? 'ok' : 'stale';
  }

  // Only who echoes a nonce of ours has a proved address: others must not lock anybody out.
  #delay(credentials: DigestCredentials, options: DigestOptions, source: string, name: string): number {
    const ours = this.#parts.nonces.verdict(credentials.nonce, source, toCore(options.realm)) !== 'foreign';
    return ours ? this.#parts.failures.failed(source, name) : 0;
  }

  #challenge(
    request: ContainerRequest,
    options: DigestOptions,
    source: string,
    stale: boolean,
    delayMs: number,
  ): DigestResult {
    const proxy = options.proxy === true;
    const response = request.createResponse(proxy ? 407 : 401) as ContainerResponse;
    const realm = toCore(options.realm);
    const nonce = this.#parts.nonces.issue(source, realm);
    const name = proxy ? 'Proxy-Authenticate' : 'WWW-Authenticate';
    for (const algorithm of options.algorithms ?? OFFERED) {
      const challenge = { scheme: 'Digest', realm, nonce, algorithm, qop: ['auth'], ...(stale ? { stale } : {}) };
      response.message.headers.add(name, formatChallenge(challenge));
    }
    return { ok: false, response, delayMs };
  }
}

function findCredentials(request: ContainerRequest, options: DigestOptions): DigestCredentials | undefined {
  const name = options.proxy === true ? 'Proxy-Authorization' : 'Authorization';
  const realm = toCore(options.realm);
  for (const value of request.message.headers.getAll(name)) {
    const credentials = parseCredentials(value);
    if (credentials?.realm === realm) return credentials;
  }
  return undefined;
}

function offered(algorithm: string | undefined, algorithms: readonly OfferedAlgorithm[]): OfferedAlgorithm | undefined {
  const name = (algorithm ?? 'MD5').toUpperCase(); // RFC 7616 §3.4: absent means MD5
  return algorithms.find((candidate) => candidate === name);
}

function isCount(nc: string | undefined): boolean {
  return nc !== undefined && /^[0-9a-f]{8}$/i.test(nc);
}
