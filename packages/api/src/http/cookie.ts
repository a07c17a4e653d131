import type { Seconds } from '../units.ts';

/** A cookie; of a received one only name and value are known. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path?: string;
  readonly domain?: string;
  /** Seconds; 0 deletes the cookie, absent means until the browser closes. */
  readonly maxAge?: Seconds;
  readonly httpOnly?: boolean;
  readonly secure?: boolean;
  readonly sameSite?: 'strict' | 'lax' | 'none';
}
