// Signatures first: bodies replace these declarations file by file (same names, same types).
export type Ms = number;
export interface ByteCodec {
  decode(bytes: Uint8Array, start: number, end: number): string;
  encode(text: string, body?: Uint8Array): Uint8Array;
}
export declare const PURE_CODEC: ByteCodec;
export declare function utf8ToBinary(text: string): string;
export declare function binaryToUtf8(text: string): string;
export type Fault = 'local' | 'remote';
export interface ErrorInfo {
  readonly code: string;
  readonly message: string;
  readonly status?: number;
  readonly fault: Fault;
  readonly what?: string;
  readonly remedy: string;
}
export declare const ERRORS: Readonly<Record<string, ErrorInfo>>;
export declare class SipError extends Error {
  readonly code: string;
  readonly fault: Fault;
  readonly status: number | undefined;
}
export declare class Parameters implements Iterable<[string, string]> {
  get(name: string): string | undefined;
  has(name: string): boolean;
  set(name: string, value: string): void;
  delete(name: string): void;
  get size(): number;
  clone(): Parameters;
  toString(): string;
  [Symbol.iterator](): Iterator<[string, string]>;
}
export type Uri = SipUri | TelUri | AbsoluteUri;
export declare class SipUri {
  constructor(scheme: 'sip' | 'sips', user: string | undefined, host: string, port?: number);
  scheme: 'sip' | 'sips';
  user: string | undefined;
  password: string | undefined;
  host: string;
  port: number | undefined;
  readonly params: Parameters;
  readonly headers: Parameters;
  clone(): SipUri;
  equals(other: Uri): boolean;
  toString(): string;
}
export declare class TelUri {
  constructor(number: string);
  readonly scheme: 'tel';
  number: string;
  readonly params: Parameters;
  get isGlobal(): boolean;
  clone(): TelUri;
  equals(other: Uri): boolean;
  toString(): string;
}
export declare class AbsoluteUri {
  constructor(scheme: string, opaque: string);
  readonly scheme: string;
  readonly opaque: string;
  clone(): AbsoluteUri;
  equals(other: Uri): boolean;
  toString(): string;
}
export declare function parseUri(text: string): Uri;
export declare function escapeUser(text: string): string;
export declare function unescapeUser(text: string): string;
export declare class NameAddr {
  constructor(uri: Uri, displayName?: string);
  displayName: string | undefined;
  uri: Uri;
  readonly params: Parameters;
  get tag(): string | undefined;
  set tag(value: string | undefined);
  clone(): NameAddr;
  toString(): string;
}
export declare function parseNameAddr(text: string): NameAddr;
export declare class Via {
  constructor(protocol: string, host: string, port: number | undefined);
  protocol: string;
  host: string;
  port: number | undefined;
  readonly params: Parameters;
  get branch(): string | undefined;
  get received(): string | undefined;
  get rport(): number | undefined;
  clone(): Via;
  toString(): string;
}
export declare function parseVia(text: string): Via;
export interface CSeq {
  readonly number: number;
  readonly method: string;
}
export declare class Headers {
  get(name: string): string | undefined;
  getAll(name: string): string[];
  has(name: string): boolean;
  names(): string[];
  set(name: string, value: string): void;
  setAll(name: string, values: string[]): void;
  add(name: string, value: string): void;
  prepend(name: string, value: string): void;
  delete(name: string): void;
  removeFirst(name: string): string | undefined;
  get via(): Via | undefined;
  get from(): NameAddr | undefined;
  get to(): NameAddr | undefined;
  get callId(): string | undefined;
  get cseq(): CSeq | undefined;
  get maxForwards(): number | undefined;
  get contentLength(): number | undefined;
  addresses(name: string): NameAddr[];
  get contactIsWildcard(): boolean;
  clone(): Headers;
  entries(): Iterable<[string, string]>;
}
export declare class SipRequest {
  constructor(method: string, uri: Uri | string, headers?: Headers, body?: Uint8Array);
  readonly kind: 'request';
  get method(): string;
  set method(value: string);
  get uri(): Uri;
  set uri(value: Uri);
  get uriText(): string;
  set uriText(value: string);
  readonly headers: Headers;
  body: Uint8Array;
  clone(): SipRequest;
}
export declare class SipResponse {
  constructor(status: number, reason?: string, headers?: Headers, body?: Uint8Array);
  readonly kind: 'response';
  get status(): number;
  set status(value: number);
  get reason(): string;
  set reason(value: string);
  readonly headers: Headers;
  body: Uint8Array;
  clone(): SipResponse;
}
export type SipMessage = SipRequest | SipResponse;
export interface ParseLimits {
  readonly maxMessageBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  readonly maxValues: number;
}
export type ParseResult =
  | { readonly type: 'message'; readonly message: SipMessage }
  | { readonly type: 'keepalive' }
  | {
      readonly type: 'error';
      readonly code: string;
      readonly reason: string;
      readonly status: number | undefined;
      readonly request: SipRequest | undefined;
    };
export interface ParseOptions {
  readonly stream?: boolean;
  readonly limits?: Partial<ParseLimits>;
}
export declare function parseMessage(bytes: Uint8Array, codec: ByteCodec, options?: ParseOptions): ParseResult;
export declare function serialize(message: SipMessage, codec: ByteCodec, options?: { compact?: boolean }): Uint8Array;
export type FrameResult =
  | { readonly type: 'frame'; readonly bytes: Uint8Array }
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }
  /** The stream can not be read further: close the connection. */
  | { readonly type: 'error'; readonly code: string; readonly reason: string };
export declare class StreamFramer {
  constructor(limits?: Partial<ParseLimits>);
  push(bytes: Uint8Array): FrameResult[];
  get pending(): number;
}
export declare function reasonPhrase(status: number): string;
export declare function createResponseFor(
  request: SipRequest,
  status: number,
  reason?: string,
  toTag?: string,
): SipResponse;
export type Protocol = 'UDP' | 'TCP' | 'TLS' | 'WS' | 'WSS';
export interface Flow {
  readonly id: string;
  readonly protocol: Protocol;
  readonly reliable: boolean;
  readonly secure: boolean;
  readonly sentByHost: string;
  readonly sentByPort: number | undefined;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}
export interface Out {
  transmit(bytes: Uint8Array, flow: Flow): void;
  event(event: EngineEvent): void;
}
export interface IdSource {
  branch(): string;
  tag(): string;
  callId(): string;
}
export declare class CountingIds implements IdSource {
  branch(): string;
  tag(): string;
  callId(): string;
}
/** Ids of 128 random bits from an injected byte source. */
export declare class RandomIds implements IdSource {
  constructor(bytes: (length: number) => Uint8Array, callIdHost?: string);
  branch(): string;
  tag(): string;
  callId(): string;
}
export type ClientState = 'calling' | 'trying' | 'proceeding' | 'accepted' | 'completed' | 'terminated';
export type ServerState = 'trying' | 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';
export declare class ClientTransaction {
  readonly kind: 'client';
  readonly id: string;
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly state: ClientState;
  readonly isInvite: boolean;
  owner: unknown;
}
export declare class ServerTransaction {
  readonly kind: 'server';
  readonly id: string;
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly state: ServerState;
  readonly isInvite: boolean;
  readonly finalStatus: number | undefined;
  owner: unknown;
}
export type EngineEvent =
  | { readonly type: 'request'; readonly request: SipRequest; readonly transaction: ServerTransaction; readonly flow: Flow }
  | { readonly type: 'ack'; readonly request: SipRequest; readonly flow: Flow; readonly transaction: ServerTransaction | undefined }
  | { readonly type: 'cancel'; readonly request: SipRequest; readonly flow: Flow; readonly cancelled: ServerTransaction }
  | {
      readonly type: 'response';
      readonly response: SipResponse;
      readonly flow: Flow;
      readonly transaction: ClientTransaction;
      readonly retransmission: boolean;
    }
  | { readonly type: 'timeout'; readonly transaction: ClientTransaction }
  | { readonly type: 'transportError'; readonly transaction: ClientTransaction | ServerTransaction; readonly error: Error }
  | { readonly type: 'strayResponse'; readonly response: SipResponse; readonly flow: Flow }
  | { readonly type: 'noAck'; readonly transaction: ServerTransaction }
  | { readonly type: 'terminated'; readonly transaction: ClientTransaction | ServerTransaction }
  | { readonly type: 'drop'; readonly reason: string; readonly flow: Flow };
export interface TimerConfig {
  readonly t1: Ms;
  readonly t2: Ms;
  readonly t4: Ms;
  readonly timerD: Ms;
}
export interface EngineOptions {
  readonly ids: IdSource;
  readonly codec: ByteCodec;
  readonly timers?: Partial<TimerConfig> | undefined;
  readonly limits?: Partial<ParseLimits> | undefined;
  /** RFC 3261 §18.2.2: where a UDP response goes when the top Via has no rport and names another port. Absent: back to the source. */
  readonly replyFlow?: ((flow: Flow, sentByPort: number) => Flow) | undefined;
}
export interface SendOptions {
  readonly branch?: string | undefined;
  readonly owner?: unknown;
}
export interface RespondOptions {
  readonly retransmit2xx?: boolean | undefined;
}
export interface EngineCounts {
  readonly client: number;
  readonly server: number;
  readonly accepted: number;
  readonly timers: number;
}
export declare class SipEngine {
  constructor(out: Out, options: EngineOptions);
  receive(bytes: Uint8Array, flow: Flow, now: Ms): void;
  send(request: SipRequest, flow: Flow, now: Ms, options?: SendOptions): ClientTransaction;
  cancel(transaction: ClientTransaction, now: Ms, reason?: string): void;
  sendAck(ack: SipRequest, invite: ClientTransaction | undefined, flow: Flow, now: Ms): void;
  respond(transaction: ServerTransaction, response: SipResponse, now: Ms, options?: RespondOptions): void;
  sendStateless(message: SipMessage, flow: Flow, now: Ms): void;
  transportFailed(flow: Flow, error: Error, now: Ms): void;
  advance(now: Ms): void;
  nextTimeout(): Ms;
  counts(): EngineCounts;
}
/** Plain data: survives JSON. */
export interface DialogState {
  callId: string;
  localTag: string;
  remoteTag: string | undefined;
  localParty: string;
  remoteParty: string;
  remoteTarget: string | undefined;
  routeSet: string[];
  localCSeq: number;
  remoteCSeq: number | undefined;
  secure: boolean;
  state: 'early' | 'confirmed' | 'terminated';
  role: 'uac' | 'uas';
}
export declare function dialogFromResponse(request: SipRequest, response: SipResponse): DialogState;
export declare function dialogFromRequest(request: SipRequest, localTag: string): DialogState;
/** UAC side: tag, route set (until confirmed), target refresh and state from a response. Changes `dialog`. */
export declare function updateDialogFromResponse(dialog: DialogState, request: SipRequest, response: SipResponse): void;
/** UAS side: records the remote CSeq and refreshes the target of a request inside the dialog. Changes `dialog`. */
export declare function updateDialogFromRequest(dialog: DialogState, request: SipRequest): void;
/** UAS side: state after this side has sent `response` to `request` (early → confirmed; BYE answered → terminated). */
export declare function updateDialogFromSentResponse(dialog: DialogState, request: SipRequest, status: number): void;
export declare function checkRemoteCSeq(dialog: DialogState, request: SipRequest): 'ok' | 'stale';
export declare function createDialogRequest(dialog: DialogState, method: string): SipRequest;
export declare function createAck(invite: SipRequest, response: SipResponse, dialog: DialogState): SipRequest;
export declare function nextHop(request: SipRequest): Uri;
export type DigestAlgorithm = 'MD5' | 'SHA-256' | 'SHA-512-256';
export type HashFunction = (algorithm: DigestAlgorithm, text: string) => string;
export interface DigestChallenge {
  readonly scheme: string;
  readonly realm: string;
  readonly nonce: string;
  /** As written, also `MD5-sess`; absent means MD5. */
  readonly algorithm?: string | undefined;
  readonly qop?: readonly string[] | undefined;
  readonly opaque?: string | undefined;
  readonly domain?: string | undefined;
  readonly stale?: boolean | undefined;
  readonly userhash?: boolean | undefined;
  readonly charset?: string | undefined;
}
export interface DigestCredentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm?: string | undefined;
  readonly cnonce?: string | undefined;
  readonly opaque?: string | undefined;
  readonly qop?: string | undefined;
  /** Eight hexadecimal digits, as written. */
  readonly nc?: string | undefined;
  readonly userhash?: boolean | undefined;
}
export interface DigestResponseInput {
  readonly ha1: string;
  readonly algorithm: DigestAlgorithm;
  readonly nonce: string;
  readonly nc?: string | undefined;
  readonly cnonce?: string | undefined;
  readonly qop?: string | undefined;
  readonly method: string;
  readonly uri: string;
  /** Binary text; only for qop=auth-int. */
  readonly body?: string | undefined;
}
export interface AnswerInput {
  readonly challenge: DigestChallenge;
  readonly user: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly nc: number;
  readonly cnonce: string;
  readonly body?: string | undefined;
}
export declare function parseChallenges(text: string): DigestChallenge[];
export declare function formatChallenge(challenge: DigestChallenge): string;
export declare function parseCredentials(text: string): DigestCredentials | undefined;
export declare function formatCredentials(credentials: DigestCredentials): string;
export declare function digestA1(
  hash: HashFunction,
  algorithm: DigestAlgorithm,
  user: string,
  realm: string,
  password: string,
): string;
export declare function digestResponse(hash: HashFunction, input: DigestResponseInput): string;
export declare function answerChallenge(hash: HashFunction, input: AnswerInput): DigestCredentials;
export interface TimerEntry {
  readonly at: Ms;
}
export declare class TimerHeap {
  constructor();
  add(at: Ms, fire: () => void): TimerEntry;
  cancel(entry: TimerEntry): void;
  nextDeadline(): Ms;
  runDue(now: Ms): number;
  get size(): number;
}
