import type { WireResponse } from './npm-sip.ts';
import type { PhoneAgent } from './phone-agent.ts';
import { PhoneCall, hasBody } from './phone-call.ts';
import { confirmAsCaller, nextHopOf } from './phone-dialog.ts';
import { canTake } from './phone-sdp.ts';
import type { PhoneClientTransaction } from './phone-transactions.ts';

/** How a call is made. */
export interface CallOptions {
  /** The offer; without it the phone makes one. */
  readonly sdp?: string;
  /** Send the INVITE without an offer; the answer then goes into the ACK. */
  readonly lateOffer?: boolean;
  readonly headers?: Record<string, string>;
  /** Preloaded Route header values, each in angle brackets. */
  readonly routes?: readonly string[];
}

/** A call that this phone makes. */
export class OutgoingCall extends PhoneCall {
  readonly direction = 'out';
  readonly #uri: string;
  readonly #options: CallOptions;
  #invite: PhoneClientTransaction | undefined;
  #cancel: 'no' | 'wanted' | 'sent' = 'no';
  #acceptedTag: string | null | undefined;
  #answer: string | undefined;

  constructor(agent: PhoneAgent, uri: string, options: CallOptions) {
    super(agent, {
      callId: `${agent.id()}@${agent.identity.viaHost}`,
      local: agent.from(agent.id(4)),
      remote: { uri, params: {} },
      remoteTarget: uri,
      routes: options.routes ?? [],
      localCSeq: 0,
      remoteCSeq: 0,
    });
    this.#uri = uri;
    this.#options = options;
  }

  /** @internal Sends the INVITE. */
  start(): void {
    const { dialog, agent } = this;
    const offer = this.#options.lateOffer === true ? undefined : (this.#options.sdp ?? agent.nextSdp());
    this.note('sent', 'offer', 'INVITE', offer);
    agent.exchange(
      {
        method: 'INVITE',
        uri: this.#uri,
        from: dialog.local,
        to: dialog.remote,
        callId: dialog.callId,
        routes: dialog.routes,
        headers: { ...this.contactHeader(), allow: ALLOWED, ...this.#options.headers },
        content: offer,
        nextSeq: () => (dialog.localCSeq += 1),
        sent: (transaction) => (this.#invite = transaction),
        response: (response, text) => this.#response(response, text),
        timeout: () => this.#fail(408, 'no answer'),
      },
      agent.identity.server === undefined ? nextHopOf(dialog) : undefined,
    );
  }

  /** Gives up while it rings, and waits for the end; a 200 that crosses is acknowledged and hung up. */
  async cancel(): Promise<void> {
    await this.abandon();
  }

  protected override async abandon(): Promise<void> {
    if (this.#cancel === 'no') {
      this.#cancel = 'wanted';
      this.#sendCancel();
    }
    await this.ended();
  }

  /** RFC 3261 §9.1: not before a provisional response. */
  #sendCancel(): void {
    const invite = this.#invite;
    if (this.#cancel !== 'wanted' || invite?.state !== 'proceeding') return;
    this.#cancel = 'sent';
    const { headers } = invite.request;
    const cancel = {
      method: 'CANCEL',
      uri: invite.request.uri,
      headers: {
        via: headers.via.slice(0, 1),
        'max-forwards': 70,
        ...(headers['route'] === undefined ? {} : { route: headers['route'] }),
        from: headers.from,
        to: headers.to,
        'call-id': headers['call-id'],
        cseq: { seq: headers.cseq.seq, method: 'CANCEL' },
      },
    };
    const nothing = (): void => undefined;
    this.agent.transactions.send(cancel, invite.peer, { response: nothing, timeout: nothing });
    // RFC 3261 §9.1: an INVITE that is not answered 64*T1 after its CANCEL is over
    this.agent.clock.setTimer(32_000, () => this.#fail(487, 'no answer to CANCEL'));
  }

  #response(response: WireResponse, text: string): void {
    const { status } = response;
    if (status >= 200) {
      if (status < 300) this.#success(response, text);
      else this.#fail(status, response.reason);
      return;
    }
    this.#sendCancel();
    if (status === 100) return;
    if (hasBody(response) && this.media.remote === undefined) {
      this.note('received', this.#options.lateOffer === true ? 'offer' : 'answer', String(status), response.content);
    }
    this.moveTo('ringing');
  }

  #success(response: WireResponse, text: string): void {
    const tag = response.headers.to.params['tag'];
    const { seq } = response.headers.cseq;
    const first = this.#acceptedTag === undefined;
    if (!first && tag !== this.#acceptedTag) {
      this.#releaseFork(response, text);
      return;
    }
    if (first) {
      this.#acceptedTag = tag;
      confirmAsCaller(this.dialog, response, text);
      this.#takeMedia(response);
    }
    this.acknowledge(seq, this.#answer, this.#credentials());
    if (!first) return;
    if (this.#cancel !== 'no') this.sendBye('answered while being cancelled');
    else if (!canTake(this.agent.identity.media, response.content ?? '')) this.byeFor488();
    else this.moveTo('connected');
  }

  #takeMedia(response: WireResponse): void {
    const late = this.#options.lateOffer === true;
    this.note('received', late ? 'offer' : 'answer', '200', response.content);
    if (!late) return;
    this.#answer = this.#options.sdp ?? this.agent.nextSdp();
    this.note('sent', 'answer', 'ACK', this.#answer);
  }

  /** A second phone answered the same INVITE: acknowledge and hang up (RFC 3261 §13.2.2.4). */
  #releaseFork(response: WireResponse, text: string): void {
    const fork = new ForkedCall(this.agent, { ...this.dialog });
    fork.release(response, text);
  }

  #fail(status: number, reason: string): void {
    if (this.isOver || this.state === 'connected') return;
    this.status = status;
    this.over('failed', this.#cancel === 'no' ? 'remote' : 'local', reason);
  }

  #credentials(): Record<string, unknown> {
    const headers = this.#invite?.request.headers;
    const { authorization } = headers ?? {};
    const proxy = headers?.['proxy-authorization'];
    return {
      ...(authorization === undefined ? {} : { authorization }),
      ...(proxy === undefined ? {} : { 'proxy-authorization': proxy }),
    };
  }
}

/** The surplus leg of a forked call. */
class ForkedCall extends PhoneCall {
  readonly direction = 'out';

  release(response: WireResponse, text: string): void {
    confirmAsCaller(this.dialog, response, text);
    this.acknowledge(response.headers.cseq.seq, undefined);
    this.sendBye('another phone was faster');
  }

  protected override async abandon(): Promise<void> {
    await this.bye();
  }
}

/** What the phones understand. */
export const ALLOWED = 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, MESSAGE, NOTIFY';
