import { randomBytes } from 'node:crypto';
import { type DigestSecrets, digestSecrets } from './digest-secrets.ts';
import type { WallClock } from './wall-clock.ts';

/** What the phone in the page logs in with. */
export interface PhonePass {
  /** The digest user name: `alice~k3v9…`. */
  readonly user: string;
  readonly password: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

interface StoredPass {
  readonly name: string;
  readonly session: string;
  readonly secrets: DigestSecrets;
  readonly expiresAt: number;
}

const LIFETIME_MS = 3_600_000;
const MAX_PER_LOGIN = 5; // tabs of one login
const SEPARATOR = '~'; // no login name contains it

/**
 * Passwords for the phone in the page. Somebody who has logged in gets one that works for an hour and until the logout,
 * so the page neither keeps the real password nor ever sees the stored hashes.
 */
export class PhonePasses {
  readonly #passes = new Map<string, StoredPass>();
  readonly #clock: WallClock;
  readonly #realm: string;

  constructor(realm: string, clock: WallClock) {
    this.#realm = realm;
    this.#clock = clock;
  }

  /** A new pass for somebody, tied to the login it was made under. */
  issue(name: string, session: string): PhonePass {
    this.#forgetOld(name, session);
    const user = `${name}${SEPARATOR}${randomBytes(9).toString('base64url')}`;
    const password = randomBytes(18).toString('base64url');
    const expiresAt = this.#clock.now() + LIFETIME_MS;
    this.#passes.set(user, { name, session, secrets: digestSecrets(user, this.#realm, password), expiresAt });
    return { user, password, expiresAt };
  }

  /** The digest hashes of a pass that is still good. */
  getSecrets(user: string): DigestSecrets | undefined {
    const pass = this.#passes.get(user);
    return pass !== undefined && pass.expiresAt > this.#clock.now() ? pass.secrets : undefined;
  }

  /** Ends the passes of one login. */
  revoke(name: string, session: string): void {
    for (const [user, pass] of this.#passes)
      if (pass.session === session && pass.name === name) this.#passes.delete(user);
  }

  #forgetOld(name: string, session: string): void {
    const own: string[] = [];
    for (const [user, pass] of this.#passes) {
      if (pass.expiresAt <= this.#clock.now()) this.#passes.delete(user);
      else if (pass.session === session && pass.name === name) own.push(user);
    }
    for (const user of own.slice(0, Math.max(own.length + 1 - MAX_PER_LOGIN, 0))) this.#passes.delete(user);
  }
}

/** True for the user name of a pass, as opposed to a person's own. */
export function isPass(user: string): boolean {
  return user.includes(SEPARATOR);
}

/** Whose phone a digest user name stands for. */
export function personOf(user: string): string {
  return user.split(SEPARATOR, 1)[0] ?? user;
}
