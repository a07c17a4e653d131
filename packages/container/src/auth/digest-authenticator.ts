import type { SipServletRequest, SipServletResponse } from '@siplet/api';
import type { DigestAlgorithm } from '@siplet/sip';

/** What is stored for a user: H(user:realm:password) per algorithm, never the password. */
export interface DigestUser {
  readonly ha1: Partial<Record<DigestAlgorithm, string>>;
}

/** How a request has to prove who sends it. */
export interface DigestOptions {
  readonly realm: string;
  /** True: 407 and Proxy-Authorization; default 401 and Authorization (RFC 3261 §22.3). */
  readonly proxy?: boolean;
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
  abstract authenticate(request: SipServletRequest, options: DigestOptions): Promise<DigestResult>;
}
