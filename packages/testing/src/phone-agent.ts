import { toMs } from './duration.ts';
import type { Duration } from './duration.ts';
import { TestingError } from './errors.ts';
import { isRequest, printMessage, readMessage } from './npm-sip.ts';
import type { WireAddress, WireAuth, WireHeaders, WireMessage, WireRequest, WireResponse } from './npm-sip.ts';
import { literalTarget } from './phone-dialog.ts';
import { answerDigest, pickChallenge } from './phone-digest.ts';
import type { PhoneAlgorithm } from './phone-digest.ts';
import type { Peer, PhoneLink } from './phone-link.ts';
import { makeSdp } from './phone-sdp.ts';
import type { MediaKind } from './phone-sdp.ts';
import { PhoneTransactions } from './phone-transactions.ts';
import type { PhoneClientTransaction, PhoneServerTransaction } from './phone-transactions.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Endpoint } from './traffic.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { labelOf, rawHeader } from './wire-text.ts';

/** One message that a phone sent or heard, repetitions included. */
export interface PhoneMessage {
  readonly at: number;
  readonly direction: 'in' | 'out';
  /** `INVITE`, `200 OK`, … */
  readonly label: string;
  /** Method of the CSeq. */
  readonly method: string;
  readonly status: number | undefined;
  readonly callId: string;
  /** Binary text, byte for byte. */
  readonly body: string;
  readonly text: string;
  readonly message: WireMessage;
  /** Raw value of a header, the first if there are several. */
  header(name: string): string | undefined;
}

/** Who a phone is and where it lives. */
export interface PhoneIdentity {
  readonly aor: string;
  readonly user: string;
  readonly domain: string;
  readonly displayName: string | undefined;
  /** User name for digest. */
  readonly authUser: string;
  readonly password: string | undefined;
  readonly algorithms: readonly PhoneAlgorithm[];
  readonly address: string;
  /** Sent-by of its Vias, host[:port]. */
  readonly viaHost: string;
  readonly viaPort: number | undefined;
  readonly rport: boolean;
  readonly contactUri: string;
  readonly contactParams: Record<string, string | null>;
  readonly server: Endpoint | undefined;
  readonly media: MediaKind;
}

/** What one request consists of. */
export interface RequestParts {
  readonly method: string;
  readonly uri: string;
  readonly from: WireAddress;
  readonly to: WireAddress;
  readonly callId: string;
  readonly seq: number;
  readonly routes?: readonly string[];
  readonly headers?: Record<string, unknown>;
  readonly content?: string | undefined;
}

/** A request and what to do with its answers; digest challenges are answered underneath. */
export interface Exchange extends Omit<RequestParts, 'seq'> {
  nextSeq(): number;
  sent?(transaction: PhoneClientTransaction): void;
  response(response: WireResponse, text: string): void;
  timeout(): void;
}

interface KnownChallenge {
  readonly challenge: WireAuth;
  readonly algorithm: PhoneAlgorithm;
  readonly header: 'authorization' | 'proxy-authorization';
  count: number;
}

/** The part of a phone that its registrations and calls share: identity, messages, credentials, the log. */
export class PhoneAgent {
  readonly identity: PhoneIdentity;
  readonly clock: VirtualClock;
  readonly messages: PhoneMessage[] = [];
  readonly transactions: PhoneTransactions;
  /** What happened on the network so far, for the message of a wait that failed. */
  explain: () => string = () => '';
  readonly #random: SeededRandom;
  readonly #link: PhoneLink;
  #known: KnownChallenge | undefined;
  #sdpVersion = 0;
  #silent = false;

  constructor(
    identity: PhoneIdentity,
    clock: VirtualClock,
    random: SeededRandom,
    openLink: (receive: (text: string, peer: Peer) => void) => PhoneLink,
    request: (request: WireRequest, server: PhoneServerTransaction, text: string) => void,
  ) {
    this.identity = identity;
    this.clock = clock;
    this.#random = random;
    this.#link = openLink((text, peer) => this.#receive(text, peer));
    const transmit = (text: string, peer: Peer): void => this.#transmit(text, peer);
    this.transactions = new PhoneTransactions({ clock, reliable: this.#link.reliable, transmit, request });
  }

  /** True after `silence`. */
  get isSilent(): boolean {
    return this.#silent;
  }

  /** Stops hearing and sending; `close` also closes sockets, as a browser tab that is gone does. */
  silence(close: boolean): void {
    this.#silent = true;
    this.transactions.silence();
    if (close) this.#link.close();
  }

  /** A fresh identifier in hexadecimal. */
  id(bytes = 8): string {
    return Buffer.from(this.#random.bytes(bytes)).toString('hex');
  }

  /** The next session description of this phone. */
  nextSdp(): string {
    this.#sdpVersion += 1;
    const { user, address, media } = this.identity;
    return makeSdp(user, address, this.#sdpVersion, media);
  }

  /** The Contact of this phone. */
  contact(params: Record<string, string | null> = {}): WireAddress {
    return { uri: this.identity.contactUri, params: { ...this.identity.contactParams, ...params } };
  }

  /** This phone as From. */
  from(tag: string): WireAddress {
    const { displayName, aor } = this.identity;
    return { name: displayName === undefined ? undefined : `"${displayName}"`, uri: aor, params: { tag } };
  }

  /** Builds a request with a Via of its own. */
  makeRequest(parts: RequestParts): WireRequest {
    const { viaHost, viaPort, rport } = this.identity;
    const params = { branch: `z9hG4bK${this.id()}`, ...(rport ? { rport: null } : {}) };
    const routes = parts.routes ?? [];
    const headers: WireHeaders = {
      via: [{ version: '2.0', protocol: this.#link.protocol, host: viaHost, port: viaPort, params }],
      'max-forwards': 70,
      ...(routes.length > 0 ? { route: routes.join(', ') } : {}),
      from: parts.from,
      to: parts.to,
      'call-id': parts.callId,
      cseq: { seq: parts.seq, method: parts.method },
      'user-agent': 'Siplet-Phone',
      ...(parts.content === undefined ? {} : { 'content-type': typeOf(parts.content) }),
      ...lowerCase(parts.headers ?? {}),
    };
    return { method: parts.method, uri: parts.uri, headers, content: parts.content };
  }

  /** Sends a request, answering a digest challenge once if the phone has a password. */
  exchange(exchange: Exchange, hop: string | undefined, challenged = false): void {
    const request = this.makeRequest({ ...exchange, seq: exchange.nextSeq() });
    const auth = this.#authorize(exchange, challenged || exchange.method === 'REGISTER');
    if (auth !== undefined) request.headers[auth.header] = [auth.credentials];
    const transaction = this.transactions.send(request, this.peerFor(hop), {
      response: (response, text) => {
        const again = !challenged && this.#learn(response);
        if (again) this.exchange(exchange, hop, true);
        else exchange.response(response, text);
      },
      timeout: () => exchange.timeout(),
    });
    exchange.sent?.(transaction);
  }

  /** Sends a request that has no transaction: an ACK to a 2xx. */
  sendDirect(request: WireRequest, hop: string | undefined): string {
    const text = printMessage(request);
    this.#transmit(text, this.peerFor(hop));
    return text;
  }

  /** Builds the answer to a request (RFC 3261 §8.2.6). */
  makeResponse(
    request: WireRequest,
    status: number,
    more: { reason?: string; toTag?: string; headers?: Record<string, unknown>; content?: string | undefined } = {},
  ): WireResponse {
    const { via, from, to, cseq } = request.headers;
    const tagged = to.params['tag'] === undefined && status > 100 ? { tag: more.toTag ?? this.id(4) } : {};
    const headers: WireHeaders = {
      via,
      from,
      to: { ...to, params: { ...to.params, ...tagged } },
      'call-id': request.headers['call-id'],
      cseq,
      ...(more.content === undefined ? {} : { 'content-type': typeOf(more.content) }),
      ...lowerCase(more.headers ?? {}),
    };
    return { status, reason: more.reason ?? REASONS.get(status) ?? 'Unknown', headers, content: more.content };
  }

  /** Moves time on until the condition holds. */
  async wait(condition: () => boolean, what: string, limit: Duration = '10m'): Promise<void> {
    const { clock } = this;
    const limitAt = clock.now() + toMs(limit);
    await clock.stepWhile(() => !condition() && clock.nextDeadline() <= limitAt);
    if (condition()) return;
    const why = clock.nextDeadline() === Infinity ? 'nothing is due any more' : `gave up after ${limit}`;
    throw new TestingError('TST_ERR_STALLED', `${this.identity.user} waited for ${what}, ${why}\n${this.explain()}`);
  }

  /** Where a request goes: to the literal address of its next hop, or to the server. */
  peerFor(hop: string | undefined): Peer {
    const { server } = this.identity;
    if (this.#link.protocol === 'WS' && server !== undefined) return server;
    const peer = (hop === undefined ? undefined : literalTarget(hop)) ?? server;
    if (peer !== undefined) return peer;
    throw new TestingError('TST_ERR_PHONE', `${this.identity.user} has no server that could resolve ${hop}`);
  }

  #receive(text: string, peer: Peer): void {
    if (this.#silent || text.trim() === '') return;
    const message = readMessage(text);
    if (message === undefined) return;
    this.#log('in', message, text);
    this.transactions.receive(message, peer, text);
  }

  #transmit(text: string, peer: Peer): void {
    if (this.#silent) return;
    const message = readMessage(text);
    if (message !== undefined) this.#log('out', message, text);
    this.#link.send(text, peer);
  }

  #log(direction: 'in' | 'out', message: WireMessage, text: string): void {
    this.messages.push({
      at: this.clock.now(),
      direction,
      label: labelOf(text),
      method: message.headers.cseq.method,
      status: isRequest(message) ? undefined : message.status,
      callId: message.headers['call-id'],
      body: message.content ?? '',
      text,
      message,
      header: (name) => rawHeader(text, name.toLowerCase())[0],
    });
  }

  #learn(response: WireResponse): boolean {
    if (response.status !== 401 && response.status !== 407) return false;
    const { password, algorithms } = this.identity;
    const header = response.status === 401 ? 'authorization' : 'proxy-authorization';
    const field = response.status === 401 ? 'www-authenticate' : 'proxy-authenticate';
    const picked = pickChallenge(response.headers[field] ?? [], algorithms);
    if (picked === undefined || password === undefined) return false;
    this.#known = { ...picked, header, count: 0 };
    return true;
  }

  #authorize(
    parts: Exchange,
    wanted: boolean,
  ): { header: KnownChallenge['header']; credentials: WireAuth } | undefined {
    const known = this.#known;
    const { authUser, password } = this.identity;
    if (!wanted || known === undefined || password === undefined) return undefined;
    known.count += 1;
    const input = { user: authUser, password, method: parts.method, uri: parts.uri, nonceCount: known.count };
    return {
      header: known.header,
      credentials: answerDigest(known.challenge, known.algorithm, { ...input, cnonce: this.id(6) }),
    };
  }
}

/** npm `sip` keeps headers by lower-case name. */
function lowerCase(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function typeOf(content: string): string {
  return content.startsWith('v=') ? 'application/sdp' : 'text/plain';
}

const REASONS: ReadonlyMap<number, string> = new Map([
  [180, 'Ringing'],
  [183, 'Session Progress'],
  [200, 'OK'],
  [202, 'Accepted'],
  [302, 'Moved Temporarily'],
  [400, 'Bad Request'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [480, 'Temporarily Unavailable'],
  [481, 'Call/Transaction Does Not Exist'],
  [486, 'Busy Here'],
  [487, 'Request Terminated'],
  [488, 'Not Acceptable Here'],
  [500, 'Server Internal Error'],
  [501, 'Not Implemented'],
  [503, 'Service Unavailable'],
  [600, 'Busy Everywhere'],
  [603, 'Decline'],
]);
