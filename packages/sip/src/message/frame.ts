import * as E from '../errors.ts';
import { DEFAULT_LIMITS, type ParseLimits } from './parse.ts';

/** What a stream yields: message frames and RFC 5626 keep-alives; `error` means: close the connection. */
export type FrameResult =
  | { readonly type: 'frame'; readonly bytes: Uint8Array }
  /** CRLF CRLF: answer with one CRLF. */
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }
  | { readonly type: 'error'; readonly code: string; readonly reason: string };

const CR = 13;
const LF = 10;
const NO_BYTES = new Uint8Array(0);

/** Cuts a TCP or TLS stream into messages by Content-Length (RFC 3261 §18.3). Each byte is looked at once. */
export class StreamFramer {
  readonly #max: number;
  // The unread bytes are #buffer[#start, #end).
  #buffer: Uint8Array = NO_BYTES;
  #start = 0;
  #end = 0;
  #scanned = 0;
  #total = -1;
  #headLength = 0;
  #halfPing = false;
  #dead = false;

  constructor(limits?: Partial<ParseLimits>) {
    this.#max = limits?.maxMessageBytes ?? DEFAULT_LIMITS.maxMessageBytes;
  }

  /** Bytes of an incomplete message. */
  get pending(): number {
    return this.#end - this.#start;
  }

  /** Takes what the socket gave (frames may point into it) and returns what is complete; nothing after an error. */
  push(bytes: Uint8Array): FrameResult[] {
    const results: FrameResult[] = [];
    if (this.#dead || bytes.length === 0) return results;
    const borrowed = this.pending === 0;
    if (borrowed) {
      this.#buffer = bytes;
      this.#start = this.#scanned = 0;
      this.#end = bytes.length;
    } else this.#append(bytes);
    while (!this.#dead && this.#next(results, borrowed));
    if (this.#dead || this.pending === 0) this.#reset();
    else if (borrowed) this.#own();
    return results;
  }

  #reset(): void {
    this.#buffer = NO_BYTES;
    this.#start = this.#end = this.#scanned = 0;
  }

  #own(): void {
    const rest = this.#buffer.slice(this.#start, this.#end);
    this.#scanned -= this.#start;
    this.#buffer = rest;
    this.#start = 0;
    this.#end = rest.length;
  }

  #append(bytes: Uint8Array): void {
    const pending = this.pending;
    if (this.#end + bytes.length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(2 * (pending + bytes.length), 1024));
      larger.set(this.#buffer.subarray(this.#start, this.#end));
      this.#scanned -= this.#start;
      this.#buffer = larger;
      this.#start = 0;
      this.#end = pending;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #next(results: FrameResult[], borrowed: boolean): boolean {
    if (this.#total < 0) {
      if (this.#betweenMessages(results)) return true;
      if (this.pending === 0 || !this.#readHead(results)) return false;
    }
    if (this.pending < this.#total) return false;
    const end = this.#start + this.#total;
    const bytes = borrowed ? this.#buffer.subarray(this.#start, end) : this.#buffer.slice(this.#start, end);
    this.#start = this.#scanned = end;
    this.#total = -1;
    results.push({ type: 'frame', bytes });
    return true;
  }

  // RFC 5626 §3.5.1; line ends between messages are ignored otherwise (RFC 3261 §7.5).
  #betweenMessages(results: FrameResult[]): boolean {
    if (this.#scanned > this.#start || this.pending === 0) return false;
    const first = this.#buffer[this.#start];
    if (first !== CR && first !== LF) {
      this.#halfPing = false;
      return false;
    }
    if (first === CR && this.pending === 1) return false;
    const isPair = first === CR && this.#buffer[this.#start + 1] === LF;
    this.#skip(isPair ? 2 : 1);
    if (!isPair) return true;
    const second = this.pending >= 2 && this.#buffer[this.#start] === CR && this.#buffer[this.#start + 1] === LF;
    if (second) this.#skip(2);
    if (second || this.#halfPing) results.push({ type: 'ping' });
    else results.push({ type: 'pong' });
    this.#halfPing = !second && !this.#halfPing;
    return true;
  }

  #skip(count: number): void {
    this.#start += count;
    this.#scanned = this.#start;
  }

  #readHead(results: FrameResult[]): boolean {
    if (this.pending < 4) return false; // perhaps half a keep-alive
    const buffer = this.#buffer;
    let at = Math.max(this.#scanned, this.#start + 3);
    for (; at < this.#end; at++) {
      if (buffer[at] === LF && buffer[at - 1] === CR && buffer[at - 2] === LF && buffer[at - 3] === CR) break;
    }
    this.#scanned = at;
    if (at >= this.#end) return this.pending > this.#max && this.#fail(results, E.LIMIT_MESSAGE);
    this.#headLength = at + 1 - this.#start;
    const length = contentLength(buffer, this.#start, at);
    if (length < 0) {
      // Hand the head on, so that it can be answered with 400; what follows has no beginning.
      results.push({ type: 'frame', bytes: buffer.slice(this.#start, at + 1) });
      return this.#fail(results, E.CONTENT_LENGTH);
    }
    if (this.#headLength + length > this.#max) return this.#fail(results, E.LIMIT_MESSAGE);
    this.#total = this.#headLength + length;
    return true;
  }

  #fail(results: FrameResult[], code: string): false {
    results.push({ type: 'error', code, reason: E.ERRORS[code]?.message ?? code });
    this.#dead = true;
    return false;
  }
}

const NAME = 'content-length';
const MAX_DIGITS = 9;

// The value of the one Content-Length header; -1 when it is missing, malformed or contradicts another.
function contentLength(bytes: Uint8Array, start: number, end: number): number {
  let found = -1;
  let at = start;
  while (at < end) {
    const line = at;
    while (at < end && bytes[at] !== LF) at++;
    at++;
    const value = lengthLine(bytes, line, at - 1);
    if (value === undefined) continue;
    if (value < 0 || (found >= 0 && found !== value)) return -1;
    found = value;
  }
  return found;
}

function lengthLine(bytes: Uint8Array, start: number, end: number): number | undefined {
  const first = (bytes[start] ?? 0) | 32;
  let at = start + 1;
  if (first === 99) {
    for (let i = 1; i < NAME.length; i++, at++) {
      const code = bytes[at] ?? 0;
      if ((code === 45 ? code : code | 32) !== NAME.charCodeAt(i)) return undefined;
    }
  } else if (first !== 108) return undefined;
  at = skipSpace(bytes, at, end);
  if (bytes[at] !== 58) return undefined;
  at = skipSpace(bytes, at + 1, end);
  let value = 0;
  let digits = 0;
  for (; at < end && digits <= MAX_DIGITS; at++, digits++) {
    const digit = (bytes[at] ?? 0) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    value = value * 10 + digit;
  }
  at = skipSpace(bytes, at, end);
  if (bytes[at] === CR) at++;
  return digits === 0 || digits > MAX_DIGITS || at < end ? -1 : value;
}

function skipSpace(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && (bytes[at] === 32 || bytes[at] === 9)) at++;
  return at;
}
