import { createHash } from 'node:crypto';
import type { WireAuth } from './npm-sip.ts';

/** Algorithms a phone can answer with. */
export type PhoneAlgorithm = 'MD5' | 'SHA-256';

/** What an answer to a challenge is computed from. */
export interface DigestInput {
  readonly user: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly nonceCount: number;
  readonly cnonce: string;
}

/** Picks the first challenge that the phone understands (RFC 8760 §2.4: the server lists the best first). */
export function pickChallenge(
  challenges: readonly WireAuth[],
  algorithms: readonly PhoneAlgorithm[],
): { challenge: WireAuth; algorithm: PhoneAlgorithm } | undefined {
  for (const challenge of challenges) {
    if (challenge['scheme']?.toLowerCase() !== 'digest') continue;
    const named = (unquote(challenge['algorithm']) ?? 'MD5').toUpperCase();
    const algorithm = algorithms.find((one) => one === named);
    if (algorithm !== undefined) return { challenge, algorithm };
  }
  return undefined;
}

/** Computes the credentials for a challenge (RFC 7616 §3.4), independently of the code under test. */
export function answerDigest(challenge: WireAuth, algorithm: PhoneAlgorithm, input: DigestInput): WireAuth {
  const realm = unquote(challenge['realm']) ?? '';
  const nonce = unquote(challenge['nonce']) ?? '';
  const withQop = (unquote(challenge['qop']) ?? '').split(',').some((qop) => qop.trim() === 'auth');
  const hash = hasher(algorithm);
  const nc = input.nonceCount.toString(16).padStart(8, '0');
  const ha1 = hash(`${input.user}:${realm}:${input.password}`);
  const ha2 = hash(`${input.method}:${input.uri}`);
  const response = withQop ? hash(`${ha1}:${nonce}:${nc}:${input.cnonce}:auth:${ha2}`) : hash(`${ha1}:${nonce}:${ha2}`);
  return {
    scheme: 'Digest',
    username: quote(input.user),
    realm: quote(realm),
    nonce: quote(nonce),
    uri: quote(input.uri),
    response: quote(response),
    algorithm: challenge['algorithm'] === undefined ? undefined : algorithm,
    opaque: challenge['opaque'],
    ...(withQop ? { qop: 'auth', nc, cnonce: quote(input.cnonce) } : {}),
  };
}

function hasher(algorithm: PhoneAlgorithm): (text: string) => string {
  const name = algorithm === 'MD5' ? 'md5' : 'sha256';
  return (text) => createHash(name).update(text, 'utf8').digest('hex');
}

/** A header value without its quotes. */
export function unquote(value: string | undefined): string | undefined {
  return value?.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
}

function quote(value: string): string {
  return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
