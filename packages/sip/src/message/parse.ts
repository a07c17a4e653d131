import type { ByteCodec } from '../codec.ts';
import * as E from '../errors.ts';
import { CLASS, decimal, isAll, isBlank, countList, TOKEN } from '../grammar/scanner.ts';
import { hashStep, headerInfoAt, internMethod, KNOWN_HEADERS, MANDATORY, type HeaderInfo } from '../header/names.ts';
import { HeaderField, Headers } from './headers.ts';
import { SipRequest, SipResponse, type SipMessage } from './message.ts';

/** What a message from the network may not exceed. */
export interface ParseLimits {
  /** Bytes of the whole message. */
  readonly maxMessageBytes: number;
  /** Bytes of one header with its continuation lines, and of the start line. */
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  /** Values of one list header. */
  readonly maxValues: number;
}

/** 64 kB a message, 8 kB a header, 256 headers, 64 values. */
export const DEFAULT_LIMITS: ParseLimits = {
  maxMessageBytes: 65_535, // RFC 3261 §18.1.1: UDP ceiling
  maxHeaderBytes: 8_192,
  maxHeaders: 256,
  maxValues: 64,
};

/** `stream`: the transport has no message borders, so Content-Length is mandatory (RFC 3261 §18.3). */
export interface ParseOptions {
  readonly stream?: boolean | undefined;
  readonly limits?: Partial<ParseLimits> | undefined;
}

/** A message, a keep-alive, or what is wrong and what can be answered. */
export type ParseResult =
  | { readonly type: 'message'; readonly message: SipMessage }
  | { readonly type: 'keepalive' }
  | {
      readonly type: 'error';
      /** A SIP_ERR_* code. */
      readonly code: string;
      readonly reason: string;
      /** What to answer; undefined when no answer is possible. */
      readonly status: number | undefined;
      /** As much of the request as an answer needs. */
      readonly request: SipRequest | undefined;
    };

const KEEPALIVE: ParseResult = { type: 'keepalive' };
const CR = 13;
const LF = 10;

/** Reads one datagram, frame or WebSocket message. Never throws. */
export function parseMessage(bytes: Uint8Array, codec: ByteCodec, options?: ParseOptions): ParseResult {
  const limits = options?.limits;
  let start = 0;
  while (start < bytes.length && (bytes[start] === CR || bytes[start] === LF)) start++; // RFC 3261 §7.5
  if (start === bytes.length) return KEEPALIVE;
  if (bytes.length > (limits?.maxMessageBytes ?? DEFAULT_LIMITS.maxMessageBytes)) {
    return failure(new Problem(E.LIMIT_MESSAGE), undefined);
  }
  const rest = start === 0 ? bytes : bytes.subarray(start);
  return new Parser(rest, codec.decode(rest, 0, rest.length), limits).run(options?.stream === true);
}

class Problem {
  readonly code: string;
  readonly detail: string | undefined;

  constructor(code: string, detail?: string) {
    this.code = code;
    this.detail = detail;
  }
}

// RFC 3261 §8.2.6, §17.1.1.3: an ACK is never answered; nothing is, without a Via to answer to.
function failure(problem: Problem, request: SipRequest | undefined): ParseResult {
  const info = E.ERRORS[problem.code];
  const message = info?.message ?? problem.code;
  const answerable = request !== undefined && request.method !== 'ACK' && request.headers.has('Via');
  return {
    type: 'error',
    code: problem.code,
    reason: problem.detail === undefined ? message : `${message}: ${problem.detail}`,
    status: answerable ? info?.status : undefined,
    request: answerable ? request : undefined,
  };
}

// List values seen per header of the message being read; parsing is synchronous, so one is enough.
const counted = new Uint16Array(KNOWN_HEADERS);

class Parser {
  readonly #bytes: Uint8Array;
  // The same, decoded: what is cut out comes from here, what is only looked at from the bytes (twice as fast).
  readonly #text: string;
  readonly #maxHeaderBytes: number;
  readonly #maxHeaders: number;
  readonly #maxValues: number;
  readonly #headers = new Headers();
  #problem: Problem | undefined;
  #seen = 0;
  #comma = 0;
  #hasNul = false;
  #folded = false;
  #spoilt = false;

  constructor(bytes: Uint8Array, text: string, limits: Partial<ParseLimits> | undefined) {
    this.#bytes = bytes;
    this.#text = text;
    this.#maxHeaderBytes = limits?.maxHeaderBytes ?? DEFAULT_LIMITS.maxHeaderBytes;
    this.#maxHeaders = limits?.maxHeaders ?? DEFAULT_LIMITS.maxHeaders;
    this.#maxValues = limits?.maxValues ?? DEFAULT_LIMITS.maxValues;
  }

  run(stream: boolean): ParseResult {
    const text = this.#text;
    const lineEnd = text.indexOf('\n');
    if (lineEnd < 1 || text.charCodeAt(lineEnd - 1) !== CR) return failure(new Problem(E.NOT_SIP), undefined);
    let message: SipMessage | undefined;
    try {
      message = this.#startLine(lineEnd - 1);
    } catch {
      return failure(new Problem(E.START_LINE), undefined); // a control character in the line
    }
    if (message === undefined) return failure(this.#problem ?? new Problem(E.NOT_SIP), undefined);
    let headersEnd = text.indexOf('\r\n\r\n', lineEnd - 1);
    if (headersEnd < 0) {
      this.#fail(E.HEADER_SYNTAX, 'no blank line after the headers');
      headersEnd = text.length - 2;
    }
    this.#headerLines(lineEnd + 1, headersEnd + 2);
    this.#check(message);
    this.#body(message, headersEnd + 4, stream);
    if (this.#problem === undefined) return { type: 'message', message };
    return failure(this.#problem, message.kind === 'request' ? message : undefined);
  }

  #fail(code: string, detail?: string): void {
    this.#problem ??= new Problem(code, detail);
  }

  #startLine(end: number): SipMessage | undefined {
    const text = this.#text;
    if (end > this.#maxHeaderBytes) this.#fail(E.LIMIT_HEADER, 'start line');
    if (text.startsWith('SIP/2.0 ')) return this.#statusLine(end);
    const first = text.indexOf(' ');
    const second = text.indexOf(' ', first + 1);
    // RFC 3261 §7.1: exactly one blank on each side of the Request-URI
    if (first > 0 && second > first + 1 && second === end - 8 && text.startsWith('SIP/2.0', second + 1)) {
      const method = internMethod(text.slice(0, first));
      if (isAll(method, TOKEN)) return new SipRequest(method, text.slice(first + 1, second), this.#headers);
    }
    return this.#oddStartLine(text.slice(0, end));
  }

  #statusLine(end: number): SipResponse | undefined {
    const text = this.#text;
    const status = decimal(text, 8, 11, 699);
    if (status < 100 || end < 11 || (end > 11 && text.charCodeAt(11) !== 32)) {
      this.#fail(E.START_LINE, 'bad status');
      return undefined;
    }
    return new SipResponse(status, end > 12 ? text.slice(12, end) : '', this.#headers);
  }

  // Reads as much of a wrong start line as an answer needs.
  #oddStartLine(line: string): SipMessage | undefined {
    const first = line.indexOf(' ');
    const last = line.lastIndexOf(' ');
    const method = line.slice(0, Math.max(first, 0));
    const version = line.slice(last + 1).toUpperCase();
    if (line.slice(0, 4).toUpperCase() === 'SIP/') {
      if (line.slice(0, 8).toUpperCase() !== 'SIP/2.0 ') this.#fail(E.VERSION);
      else if (!line.startsWith('SIP/2.0')) return this.#statusLine(line.length); // the name in another case
      return undefined;
    }
    const words = line.slice(first + 1, last);
    const uri = words.trim().replaceAll(' ', '%20').replaceAll('\t', '%09');
    if (first <= 0 || last <= first || uri === '' || !isAll(method, TOKEN) || !version.startsWith('SIP/')) {
      this.#fail(E.NOT_SIP);
      return undefined;
    }
    if (version !== 'SIP/2.0') this.#fail(E.VERSION, version.slice(0, 20));
    if (uri !== words) this.#fail(E.START_LINE, 'blanks in or around the Request-URI');
    return new SipRequest(method, uri, this.#headers);
  }

  #headerLines(start: number, end: number): void {
    const bytes = this.#bytes;
    counted.fill(0);
    this.#hasNul = this.#text.includes('\0', start);
    let pos = start;
    for (let count = 0; pos < end; count++) {
      if (count >= this.#maxHeaders) return this.#fail(E.LIMIT_HEADERS);
      let hash = 0;
      let at = pos;
      let code = bytes[at] ?? 0;
      while (((CLASS[code] ?? 0) & TOKEN) !== 0) {
        hash = hashStep(hash, code);
        code = bytes[++at] ?? 0;
      }
      const nameEnd = at;
      while (isBlank(code)) code = bytes[++at] ?? 0;
      const good = nameEnd > pos && code === 58;
      if (good) at++;
      while (isBlank(bytes[at] ?? 0)) at++;
      const lineEnd = this.#value(at, end);
      if (lineEnd < 0) return this.#fail(E.HEADER_SYNTAX, 'line not ended');
      if (!good) this.#fail(E.HEADER_SYNTAX, this.#text.slice(pos, Math.min(lineEnd, pos + 40)));
      else if (lineEnd - pos > this.#maxHeaderBytes) this.#fail(E.LIMIT_HEADER);
      else if (!this.#spoilt) this.#headerLine(pos, nameEnd, at, lineEnd, hash);
      pos = lineEnd + 2;
    }
  }

  // The end of the value that starts at `from` (its CR); -1 when the text ends first. Sets #folded and #spoilt.
  #value(from: number, end: number): number {
    const lf = this.#text.indexOf('\n', from);
    if (lf < 0 || lf >= end) return -1;
    const plain = this.#text.indexOf('\r', from) === lf - 1 && !this.#hasNul;
    if (!plain || (lf + 1 < end && isBlank(this.#bytes[lf + 1] ?? 0))) return this.#oddValue(from, end);
    this.#folded = this.#spoilt = false;
    return lf - 1;
  }

  // The same, character by character: line breaks inside (RFC 3261 §7.3.1), or bare CR, LF or NUL.
  #oddValue(from: number, end: number): number {
    const bytes = this.#bytes;
    this.#folded = this.#spoilt = false;
    for (let at = from; ; at++) {
      const code = bytes[at] ?? 0;
      if (code >= 32) continue;
      if (at >= end) return -1;
      if (code === CR && bytes[at + 1] === LF) {
        if (at + 2 >= end || !isBlank(bytes[at + 2] ?? 0)) return at;
        this.#folded = true;
        at += 2;
      } else if (code === 0 || code === CR || code === LF) {
        this.#spoilt = true;
        this.#fail(E.CONTROL_CHARACTER);
      }
    }
  }

  #headerLine(start: number, nameEnd: number, from: number, end: number, hash: number): void {
    const text = this.#text;
    let to = end;
    while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
    const info = headerInfoAt(text, start, nameEnd, hash);
    const key = info === undefined ? text.slice(start, nameEnd).toLowerCase() : info.name;
    const value = this.#folded ? unfold(text.slice(from, to)) : undefined;
    if (info !== undefined) this.#count(info, from, to);
    const list = info !== undefined && info.list;
    this.#headers.push(new HeaderField(key, undefined, list, text, start, end + 2, nameEnd, from, to, value));
  }

  #count(info: HeaderInfo, from: number, to: number): void {
    if (info.single !== 0) {
      if ((this.#seen & info.single) !== 0) this.#fail(E.HEADER_DUPLICATE, info.name);
      this.#seen |= info.single;
      return;
    }
    if (!info.list) return;
    // One moving search over the whole message finds the lines with commas.
    if (this.#comma < from) this.#comma = this.#text.indexOf(',', from);
    if (this.#comma < 0) this.#comma = Number.MAX_SAFE_INTEGER;
    const values = this.#comma >= to ? 1 : countList(this.#text, from, to);
    const total = (counted[info.index] ?? 0) + values;
    counted[info.index] = total;
    if (total > this.#maxValues) this.#fail(E.LIMIT_VALUES, info.name);
  }

  #check(message: SipMessage): void {
    const headers = this.#headers;
    for (const info of MANDATORY) {
      if ((this.#seen & info.single) === 0) return this.#fail(E.HEADER_MISSING, info.name);
    }
    if (headers.callId === '') return this.#fail(E.HEADER_MISSING, 'Call-ID');
    if (headers.via === undefined) return this.#fail(headers.has('Via') ? E.VIA : E.HEADER_MISSING, 'Via');
    const cseq = headers.cseq;
    if (cseq === undefined) return this.#fail(E.CSEQ);
    if (message.kind === 'response') return;
    if (cseq.method !== message.method) this.#fail(E.CSEQ_METHOD);
    if (headers.maxForwards === undefined && headers.has('Max-Forwards')) this.#fail(E.MAX_FORWARDS);
  }

  // RFC 3261 §18.3
  #body(message: SipMessage, start: number, stream: boolean): void {
    const bytes = this.#bytes;
    const from = Math.min(start, bytes.length);
    const length = this.#headers.contentLength;
    if (length === undefined) {
      if (this.#headers.has('Content-Length')) this.#fail(E.CONTENT_LENGTH);
      else if (stream) this.#fail(E.CONTENT_LENGTH, 'missing on a stream');
      if (from < bytes.length) message.body = bytes.subarray(from);
      return;
    }
    if (length > bytes.length - from) this.#fail(E.CONTENT_LENGTH, 'longer than the message');
    if (length > 0) message.body = bytes.subarray(from, from + length);
  }
}

// RFC 3261 §7.3.1: a line break with the blanks around it counts as one blank.
function unfold(text: string): string {
  return text
    .split('\r\n')
    .map((line) => line.trim())
    .join(' ')
    .trim();
}
