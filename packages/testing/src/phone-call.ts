import type { Duration } from './duration.ts';
import { TestingError } from './errors.ts';
import type { WireRequest, WireResponse } from './npm-sip.ts';
import type { PhoneAgent } from './phone-agent.ts';
import { nextHopOf, refreshTarget } from './phone-dialog.ts';
import type { PhoneDialog } from './phone-dialog.ts';
import { CallMedia, canTake } from './phone-sdp.ts';
import type { PhoneServerTransaction } from './phone-transactions.ts';

/** `answered` is a 200 sent whose ACK has not come; a call that never got a 2xx ends as `failed`. */
export type CallState = 'calling' | 'ringing' | 'answered' | 'connected' | 'ended' | 'failed';

/** What a request inside a call carries. */
export interface InCallRequest {
  readonly headers?: Record<string, string>;
  readonly content?: string;
}

/** One call of a phone. The verbs return when the other side has answered, and move virtual time on until then. */
export abstract class PhoneCall {
  abstract readonly direction: 'in' | 'out';
  /** The session descriptions of this call. */
  readonly media = new CallMedia();
  /** The states it went through, with virtual time. */
  readonly history: { readonly at: number; readonly state: CallState }[] = [];
  /** Status that ended the attempt, when it failed. */
  status: number | undefined;
  /** Reason phrase, or our own words, for the end. */
  reason: string | undefined;
  /** Who ended the call. */
  endedBy: 'local' | 'remote' | undefined;
  protected readonly agent: PhoneAgent;
  protected readonly dialog: PhoneDialog;
  #state: CallState = 'calling';

  constructor(agent: PhoneAgent, dialog: PhoneDialog) {
    this.agent = agent;
    this.dialog = dialog;
  }

  /** Where the call stands. */
  get state(): CallState {
    return this.#state;
  }

  /** True when nothing more can happen. */
  get isOver(): boolean {
    return this.#state === 'ended' || this.#state === 'failed';
  }

  /** The Call-ID. */
  get callId(): string {
    return this.dialog.callId;
  }

  /** URI of the other party as From or To says. */
  get remoteUri(): string {
    return this.dialog.remote.uri;
  }

  /** Waits until the call stands. @throws {TestingError} TST_ERR_PHONE — it ended instead */
  async connected(limit?: Duration): Promise<this> {
    await this.#reach('connected', () => this.#state === 'connected', limit);
    return this;
  }

  /** Waits until the call rings, or more. @throws {TestingError} TST_ERR_PHONE — it ended instead */
  async ringing(limit?: Duration): Promise<this> {
    await this.#reach('ringing', () => this.#state !== 'calling', limit);
    return this;
  }

  /** Waits until the call is over. */
  async ended(limit?: Duration): Promise<this> {
    await this.agent.wait(() => this.isOver, `the end of its call, which is ${this.#state}`, limit);
    return this;
  }

  /** Ends the call in whatever way its state allows: CANCEL, rejection, or BYE. */
  async hangUp(headers: Record<string, string> = {}): Promise<void> {
    if (this.isOver) return;
    if (this.#state === 'connected' || this.#state === 'answered') await this.bye(headers);
    else await this.abandon();
  }

  /** Sends any request inside the dialog and gives its final response. */
  async request(method: string, options: InCallRequest = {}): Promise<WireResponse> {
    let final: WireResponse | undefined;
    this.sendInDialog(method, options, (response) => {
      if (response.status >= 200) final ??= response;
    });
    await this.agent.wait(() => final !== undefined, `the answer to ${method}`);
    if (final === undefined) throw new TestingError('TST_ERR_PHONE', `${method} was not answered`);
    return final;
  }

  /** Offers a new session description in a re-INVITE; hold is one with `a=sendonly`. */
  async reinvite(options: { sdp?: string } = {}): Promise<WireResponse> {
    const sdp = options.sdp ?? this.agent.nextSdp();
    let final: WireResponse | undefined;
    this.note('sent', 'offer', 'INVITE', sdp);
    this.sendInDialog('INVITE', { content: sdp }, (response, text) => {
      if (response.status < 200) return;
      if (response.status < 300) {
        refreshTarget(this.dialog, response, text);
        this.acknowledge(response.headers.cseq.seq, undefined);
        if (final === undefined) this.note('received', 'answer', '200', response.content);
      }
      final ??= response;
    });
    await this.agent.wait(() => final !== undefined, 'the answer to its re-INVITE');
    if (final === undefined) throw new TestingError('TST_ERR_PHONE', 're-INVITE was not answered');
    return final;
  }

  /** @internal A request inside this dialog. */
  receive(request: WireRequest, server: PhoneServerTransaction, text: string): void {
    const { seq } = request.headers.cseq;
    // RFC 3261 §12.2.2
    if (seq < this.dialog.remoteCSeq) {
      server.respond(this.agent.makeResponse(request, 500));
      return;
    }
    this.dialog.remoteCSeq = seq;
    refreshTarget(this.dialog, request, text);
    if (request.method === 'BYE') {
      server.respond(this.agent.makeResponse(request, 200));
      this.remoteBye();
    } else if (request.method === 'INVITE') this.#answerReinvite(request, server);
    else server.respond(this.agent.makeResponse(request, 200));
  }

  /** @internal True when a message belongs to this dialog. */
  matches(callId: string, localTag: string | null | undefined, remoteTag: string | null | undefined): boolean {
    const { dialog } = this;
    const knownTag = dialog.remote.params['tag'];
    return (
      dialog.callId === callId &&
      dialog.local.params['tag'] === localTag &&
      (knownTag === undefined || knownTag === remoteTag)
    );
  }

  /** @internal The ACK to a 2xx of this phone. */
  acked(request: WireRequest): void {
    if (this.#reinvite?.request.headers.cseq.seq !== request.headers.cseq.seq) return;
    this.#reinvite.acked();
    if (this.media.exchanges.at(-1)?.role === 'offer') this.note('received', 'answer', 'ACK', request.content);
  }

  /** @internal The phone is gone: the call ends without a message. */
  vanish(): void {
    if (!this.isOver) this.over('ended', 'local', 'vanished');
  }

  #reinvite: PhoneServerTransaction | undefined;

  #answerReinvite(request: WireRequest, server: PhoneServerTransaction): void {
    const offered = hasBody(request);
    if (offered) this.note('received', 'offer', 'INVITE', request.content);
    if (offered && !canTake(this.agent.identity.media, request.content ?? '')) {
      server.respond(this.agent.makeResponse(request, 488));
      return;
    }
    const sdp = this.agent.nextSdp();
    this.note('sent', offered ? 'answer' : 'offer', '200', sdp);
    this.#reinvite = server;
    server.respond(this.agent.makeResponse(request, 200, { headers: this.contactHeader(), content: sdp }));
  }

  async #reach(what: string, condition: () => boolean, limit: Duration | undefined): Promise<void> {
    await this.agent.wait(() => condition() || this.isOver, `its call to be ${what}, which is ${this.#state}`, limit);
    if (condition() && !this.isOver) return;
    const how = [this.status, this.reason].filter((part) => part !== undefined).join(' ');
    const text = `${this.agent.identity.user}: the call is ${this.#state} (${how}), not ${what}`;
    throw new TestingError('TST_ERR_PHONE', text);
  }

  protected async bye(headers: Record<string, string> = {}): Promise<void> {
    let done = false;
    const finish = (): void => void (done = true);
    this.sendBye(undefined, headers, finish);
    await this.agent.wait(() => done || this.agent.isSilent, 'the answer to BYE');
  }

  /** Ends the call without waiting for the answer. */
  protected sendBye(reason: string | undefined, headers: Record<string, string> = {}, done = nothing): void {
    this.over('ended', 'local', reason);
    const response = ({ status }: WireResponse): void => {
      if (status >= 200) done();
    };
    this.sendInDialog('BYE', { headers }, response, done);
  }

  /** Ends the call because of what the other side's media are. */
  protected byeFor488(): void {
    this.status = 488;
    this.sendBye('Not Acceptable Here', { reason: 'SIP;cause=488;text="Not Acceptable Here"' });
  }

  protected sendInDialog(
    method: string,
    options: InCallRequest,
    response: (response: WireResponse, text: string) => void,
    timeout: () => void = nothing,
  ): void {
    const { dialog } = this;
    const target = method === 'INVITE' ? this.contactHeader() : {};
    const nextSeq = (): number => (dialog.localCSeq += 1);
    this.agent.exchange(
      {
        method,
        uri: dialog.remoteTarget,
        from: dialog.local,
        to: dialog.remote,
        callId: dialog.callId,
        routes: dialog.routes,
        headers: { ...target, ...options.headers },
        content: options.content,
        nextSeq,
        response,
        timeout,
      },
      nextHopOf(dialog),
    );
  }

  /** Sends the ACK to a 2xx (RFC 3261 §13.2.2.4). */
  protected acknowledge(seq: number, sdp: string | undefined, headers: Record<string, unknown> = {}): void {
    const { dialog } = this;
    const ack = this.agent.makeRequest({
      method: 'ACK',
      uri: dialog.remoteTarget,
      from: dialog.local,
      to: dialog.remote,
      callId: dialog.callId,
      seq,
      routes: dialog.routes,
      headers,
      content: sdp,
    });
    this.agent.sendDirect(ack, nextHopOf(dialog));
  }

  protected contactHeader(): Record<string, unknown> {
    return { contact: [this.agent.contact()] };
  }

  protected note(
    direction: 'sent' | 'received',
    role: 'offer' | 'answer',
    carrier: string,
    sdp: string | undefined,
  ): void {
    if (sdp === undefined || sdp === '') return;
    this.media.exchanges.push({ at: this.agent.clock.now(), direction, role, carrier, sdp });
  }

  protected moveTo(state: CallState): void {
    if (this.#state === state || this.isOver) return;
    this.#state = state;
    this.history.push({ at: this.agent.clock.now(), state });
  }

  protected over(state: 'ended' | 'failed', by: 'local' | 'remote', reason: string | undefined): void {
    if (this.isOver) return;
    this.endedBy = by;
    this.reason ??= reason;
    this.moveTo(state);
  }

  protected remoteBye(): void {
    this.over('ended', 'remote', 'BYE');
  }

  protected abstract abandon(): Promise<void>;
}

function nothing(): void {
  // nothing to do
}

/** True when a message has a body. */
export function hasBody(message: { content?: string | undefined }): boolean {
  return message.content !== undefined && message.content !== '';
}
