import { createHash } from 'node:crypto';

/** What the database keeps of a password: RFC 7616 §3.4.2 `H(user:realm:password)` per algorithm. */
export interface DigestSecrets {
  readonly MD5: string;
  readonly 'SHA-256': string;
}

/** Hashes a password for the digest algorithms; the result, not the password, is stored. */
export function digestSecrets(user: string, realm: string, password: string): DigestSecrets {
  const a1 = `${user}:${realm}:${password}`;
  return { MD5: hash('md5', a1), 'SHA-256': hash('sha256', a1) };
}

function hash(algorithm: 'md5' | 'sha256', text: string): string {
  return createHash(algorithm).update(text, 'utf8').digest('hex');
}
