import { AuthInfo, type SipServletResponse } from '@siplet/api';
import { answerChallenge, type DigestChallenge, formatCredentials, parseChallenges } from '@siplet/sip';
import { toApplication, toCore } from '../address/text.ts';
import type { Kernel } from '../dispatch/kernel.ts';
import { authInfoStatus, notAChallenge } from '../sip-errors.ts';
import { illegalArgument } from '../message/illegal.ts';
import type { ContainerRequest } from '../message/request.ts';

interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** The container's `AuthInfo`. */
export class ContainerAuthInfo extends AuthInfo {
  readonly #byRealm = new Map<string, Credentials>();

  addAuthInfo(status: number, realm: string, username: string, password: string): void {
    if (status !== 401 && status !== 407) throw illegalArgument(authInfoStatus, status);
    this.#byRealm.set(`${status}\n${realm}`, { user: username, password });
  }

  /** The credentials for a realm. */
  find(status: number, realm: string): Credentials | undefined {
    return this.#byRealm.get(`${status}\n${realm}`);
  }
}

const SUPPORTED = new Set(['MD5', 'SHA-256', 'SHA-512-256']);

/** Adds the answers to the challenges of a 401 or 407 (RFC 3261 §22.2, RFC 8760 §2.4: first supported algorithm per realm). */
export function addAuthHeader(
  kernel: Kernel,
  request: ContainerRequest,
  response: SipServletResponse,
  first: AuthInfo | string,
  password: string | undefined,
): void {
  const status = response.getStatus();
  if (status !== 401 && status !== 407) throw illegalArgument(notAChallenge, `the response is a ${status}`);
  const challenges = firstPerRealm(response, status);
  const answers: string[] = [];
  for (const [realm, challenge] of challenges) {
    const credentials = credentialsFor(first, password, status, realm);
    if (credentials === undefined) continue;
    const answer = answerChallenge(kernel.hash, {
      challenge,
      user: toCore(credentials.user),
      password: toCore(credentials.password),
      method: request.message.method,
      uri: request.message.uriText,
      nc: 1,
      cnonce: Buffer.from(kernel.random.bytes(8)).toString('hex'),
    });
    answers.push(formatCredentials(answer));
  }
  if (answers.length === 0) throw illegalArgument(notAChallenge, 'no credentials for its realms');
  const name = status === 401 ? 'Authorization' : 'Proxy-Authorization';
  request.message.headers.delete(name);
  for (const answer of answers) request.message.headers.add(name, answer);
}

function firstPerRealm(response: SipServletResponse, status: number): Map<string, DigestChallenge> {
  const found = new Map<string, DigestChallenge>();
  const name = status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate';
  for (const text of response.getHeaders(name)) {
    for (const challenge of parseChallenges(toCore(text))) {
      const realm = toApplication(challenge.realm);
      if (SUPPORTED.has((challenge.algorithm ?? 'MD5').toUpperCase()) && !found.has(realm)) found.set(realm, challenge);
    }
  }
  return found;
}

function credentialsFor(
  first: AuthInfo | string,
  password: string | undefined,
  status: number,
  realm: string,
): Credentials | undefined {
  if (typeof first === 'string') return { user: first, password: password ?? '' };
  return first instanceof ContainerAuthInfo ? first.find(status, realm) : undefined;
}
