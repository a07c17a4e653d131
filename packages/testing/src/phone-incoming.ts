import { toMs } from './duration.ts';
import type { Duration } from './duration.ts';
import { TestingError } from './errors.ts';
import type { WireRequest } from './npm-sip.ts';
import type { PhoneAgent } from './phone-agent.ts';
import { PhoneCall, hasBody } from './phone-call.ts';
import { dialogAsCallee } from './phone-dialog.ts';
import { ALLOWED } from './phone-outgoing.ts';
import { canTake } from './phone-sdp.ts';
import type { PhoneServerTransaction } from './phone-transactions.ts';
import { rawHeader } from './wire-text.ts';

/** What a phone does with a call that comes in; virtual time. */
export interface InviteScript {
  /** `ring`: ring until the test acts; `ignore`: not even a 100; `vanish`: the phone goes silent. */
  readonly act: 'answer' | 'reject' | 'ring' | 'ignore' | 'vanish';
  /** Ring this long first; without it `answer` and `reject` act at once, with no 180. */
  readonly ringFor?: Duration;
  /** Status of `reject`; 486 by default. */
  readonly status?: number;
  /** Body of the 200; without it the phone writes one. */
  readonly sdp?: string;
  /** Headers of the final response, such as Contact for 302. */
  readonly headers?: Record<string, string>;
}

/** A call that came in. */
export class IncomingCall extends PhoneCall {
  readonly direction = 'in';
  readonly #invite: WireRequest;
  readonly #inviteText: string;
  readonly #server: PhoneServerTransaction;
  readonly #offered: boolean;

  constructor(agent: PhoneAgent, server: PhoneServerTransaction, text: string) {
    super(agent, dialogAsCallee(server.request, text, agent.id(4)));
    this.#invite = server.request;
    this.#inviteText = text;
    this.#server = server;
    this.#offered = hasBody(server.request);
    if (this.#offered) this.note('received', 'offer', 'INVITE', server.request.content);
  }

  /** True when the INVITE had no offer, so that the 200 makes one (RFC 3261 §14.1). */
  get isLateOffer(): boolean {
    return !this.#offered;
  }

  /** Raw value of a header of the INVITE. */
  header(name: string): string | undefined {
    return rawHeader(this.#inviteText, name.toLowerCase())[0];
  }

  /** Sends a provisional response. */
  ring(status = 180, sdp?: string): void {
    if (this.state !== 'calling' && this.state !== 'ringing') throw this.#wrong('ring');
    if (sdp !== undefined) this.note('sent', this.#offered ? 'answer' : 'offer', String(status), sdp);
    this.#respond(status, sdp);
    this.moveTo('ringing');
  }

  /** Picks up, and waits for the ACK. @throws {TestingError} TST_ERR_PHONE — it is over, or ends before the ACK */
  async answer(options: { sdp?: string } = {}): Promise<this> {
    this.pickUp(options.sdp);
    return this.connected();
  }

  /** Picks up without waiting for the ACK. */
  pickUp(sdp?: string): void {
    if (this.state !== 'calling' && this.state !== 'ringing') throw this.#wrong('answer');
    const body = sdp ?? this.agent.nextSdp();
    this.note('sent', this.#offered ? 'answer' : 'offer', '200', body);
    this.moveTo('answered');
    this.#respond(200, body, {}, () => this.#noAck());
  }

  /** Refuses the call. */
  reject(status = 486, headers: Record<string, string> = {}): void {
    if (this.state !== 'calling' && this.state !== 'ringing') throw this.#wrong('reject');
    this.#respond(status, undefined, headers);
    this.status = status;
    this.over('failed', 'local', undefined);
  }

  /** @internal Acts as the script says. */
  play(script: InviteScript, vanish: () => void): void {
    if (this.#offered && !canTake(this.agent.identity.media, this.#invite.content ?? '')) {
      this.reject(488);
      return;
    }
    if (script.act === 'ignore') return;
    if (script.act === 'ring' || script.ringFor !== undefined) this.ring();
    if (script.act === 'ring') return;
    const act = (): void => {
      if (this.isOver || this.state === 'answered') return;
      if (script.act === 'answer') this.pickUp(script.sdp);
      else if (script.act === 'reject') this.reject(script.status, script.headers);
      else vanish();
    };
    if (script.ringFor === undefined) act();
    else this.agent.clock.setTimer(toMs(script.ringFor), act);
  }

  /** @internal A CANCEL came for the INVITE (RFC 3261 §9.2). */
  cancelled(): void {
    if (this.state !== 'calling' && this.state !== 'ringing') return;
    this.#respond(487);
    this.status = 487;
    this.over('failed', 'remote', 'CANCEL');
  }

  /** @internal */
  override acked(request: WireRequest): void {
    if (request.headers.cseq.seq !== this.#invite.headers.cseq.seq) {
      super.acked(request);
      return;
    }
    this.#server.acked();
    if (this.state !== 'answered') return;
    if (this.#offered) {
      this.moveTo('connected');
      return;
    }
    this.note('received', 'answer', 'ACK', request.content);
    if (canTake(this.agent.identity.media, request.content ?? '')) this.moveTo('connected');
    else this.byeFor488();
  }

  protected override async bye(headers: Record<string, string> = {}): Promise<void> {
    this.#server.acked();
    await super.bye(headers);
  }

  protected override remoteBye(): void {
    if (this.state === 'calling' || this.state === 'ringing') this.#respond(487);
    this.#server.acked();
    super.remoteBye();
  }

  protected override async abandon(): Promise<void> {
    this.reject(480);
  }

  /** RFC 3261 §13.3.1.4: a 2xx that is never acknowledged ends the call with BYE. */
  #noAck(): void {
    if (this.state === 'answered') this.sendBye('no ACK');
  }

  #respond(status: number, sdp?: string, headers: Record<string, string> = {}, noAck?: () => void): void {
    const recordRoute = rawHeader(this.#inviteText, 'record-route');
    const dialogForming = status > 100 && status < 300;
    const more = {
      toTag: this.dialog.local.params['tag'] ?? '',
      content: sdp,
      headers: {
        ...(dialogForming && recordRoute.length > 0 ? { 'record-route': recordRoute.join(', ') } : {}),
        ...(dialogForming ? { ...this.contactHeader(), allow: ALLOWED } : {}),
        ...headers,
      },
    };
    this.#server.respond(this.agent.makeResponse(this.#invite, status, more), noAck);
  }

  #wrong(verb: string): TestingError {
    return new TestingError('TST_ERR_PHONE', `${this.agent.identity.user} cannot ${verb}: the call is ${this.state}`);
  }
}
