import type { Clock, TimerHandle } from '@siplet/transport';
import { isRequest, printMessage } from './npm-sip.ts';
import type { WireAddress, WireMessage, WireRequest, WireResponse } from './npm-sip.ts';
import type { Peer } from './phone-link.ts';

/** What a client transaction tells its user. */
export interface ClientUser {
  /** Each response: provisionals, the final one, and every 2xx of an INVITE, repeated ones too. */
  response(response: WireResponse, text: string): void;
  /** Timer B or F, or silence from the other side. */
  timeout(): void;
}

/** A request that waits for its answer. */
export interface PhoneClientTransaction {
  readonly request: WireRequest;
  readonly peer: Peer;
  readonly state: 'trying' | 'proceeding' | 'completed' | 'terminated';
}

/** What the layer needs from its phone. */
export interface TransactionContext {
  readonly clock: Clock;
  readonly reliable: boolean;
  transmit(text: string, peer: Peer): void;
  /** A new request; never ACK to a failure, never a repetition. */
  request(request: WireRequest, server: PhoneServerTransaction, text: string): void;
}

/** The phone's own transactions after RFC 3261 §17: few lines, no code shared with the container. */
export class PhoneTransactions {
  readonly #context: TransactionContext;
  readonly #clients = new Map<string, ClientMachine>();
  readonly #servers = new Map<string, PhoneServerTransaction>();

  constructor(context: TransactionContext) {
    this.#context = context;
  }

  /** Sends a request and repeats it as the transport demands. */
  send(request: WireRequest, peer: Peer, user: ClientUser): PhoneClientTransaction {
    const machine = new ClientMachine(this.#context, request, peer, user, () => this.#clients.delete(keyOf(request)));
    this.#clients.set(keyOf(request), machine);
    machine.start();
    return machine;
  }

  /** Takes one message that arrived. */
  receive(message: WireMessage, peer: Peer, text: string): void {
    if (!isRequest(message)) {
      this.#clients.get(keyOf(message))?.response(message, text);
      return;
    }
    const key = serverKey(message);
    const known = this.#servers.get(key);
    if (known !== undefined && message.method === 'ACK') {
      // RFC 3261 §17.2.1: the ACK to a failure ends here, the one to a 2xx has a branch of its own
      known.acked();
      return;
    }
    if (known !== undefined) {
      known.repeat();
      return;
    }
    const server = new PhoneServerTransaction(this.#context, message, peer, () => this.#servers.delete(key));
    if (message.method !== 'ACK') this.#servers.set(key, server);
    this.#context.request(message, server, text);
  }

  /** The INVITE that a CANCEL means (RFC 3261 §9.2). */
  cancelled(cancel: WireRequest): PhoneServerTransaction | undefined {
    return this.#servers.get(serverKey({ ...cancel, method: 'INVITE' }));
  }

  /** Stops everything: nothing is sent or repeated any more. */
  silence(): void {
    for (const client of this.#clients.values()) client.stop();
    for (const server of this.#servers.values()) server.stop();
    this.#clients.clear();
    this.#servers.clear();
  }
}

/** Sends a text again and again with growing gaps. */
class Repeater {
  readonly #clock: Clock;
  #timer: TimerHandle | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(gapMs: number, capMs: number, act: () => void): void {
    this.stop();
    this.#timer = this.#clock.setTimer(gapMs, () => {
      act();
      this.start(Math.min(gapMs * 2, capMs), capMs, act);
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/** RFC 3261 §17.1.1 and §17.1.2. */
class ClientMachine implements PhoneClientTransaction {
  readonly request: WireRequest;
  readonly peer: Peer;
  state: PhoneClientTransaction['state'] = 'trying';
  readonly #context: TransactionContext;
  readonly #user: ClientUser;
  readonly #gone: () => void;
  readonly #isInvite: boolean;
  readonly #repeater: Repeater;
  #limit: TimerHandle | undefined;
  #ack: string | undefined;

  constructor(context: TransactionContext, request: WireRequest, peer: Peer, user: ClientUser, gone: () => void) {
    this.#context = context;
    this.request = request;
    this.peer = peer;
    this.#user = user;
    this.#gone = gone;
    this.#isInvite = request.method === 'INVITE';
    this.#repeater = new Repeater(context.clock);
  }

  start(): void {
    const text = printMessage(this.request);
    const send = (): void => this.#context.transmit(text, this.peer);
    send();
    // Timers A and E; Timer A is not capped
    if (!this.#context.reliable) this.#repeater.start(T1, this.#isInvite ? Infinity : T2, send);
    this.#limit = this.#context.clock.setTimer(64 * T1, () => this.#expire());
  }

  stop(): void {
    this.state = 'terminated';
    this.#repeater.stop();
    this.#limit?.cancel();
  }

  response(response: WireResponse, text: string): void {
    if (this.state === 'completed') {
      if (this.#ack !== undefined) this.#context.transmit(this.#ack, this.peer);
      else if (this.#isInvite && response.status < 300) this.#user.response(response, text);
      return;
    }
    if (response.status < 200) {
      this.state = 'proceeding';
      if (this.#isInvite) {
        this.#repeater.stop();
        this.#limit?.cancel();
      }
      this.#user.response(response, text);
      return;
    }
    this.#complete(response);
    this.#user.response(response, text);
  }

  #complete(response: WireResponse): void {
    this.state = 'completed';
    this.#repeater.stop();
    this.#limit?.cancel();
    if (this.#isInvite && response.status >= 300) {
      this.#ack = printMessage(ackToFailure(this.request, response));
      this.#context.transmit(this.#ack, this.peer);
    }
    const linger = this.#isInvite ? 64 * T1 : T4;
    this.#limit = this.#context.clock.setTimer(this.#context.reliable && !this.#isInvite ? 0 : linger, () => {
      this.stop();
      this.#gone();
    });
  }

  #expire(): void {
    this.stop();
    this.#gone();
    this.#user.timeout();
  }
}

/** A request that this phone answers: RFC 3261 §17.2.1 and §17.2.2, with the repetition of 2xx of §13.3.1.4. */
export class PhoneServerTransaction {
  readonly request: WireRequest;
  readonly peer: Peer;
  /** The last status that was sent. */
  status: number | undefined;
  readonly #context: TransactionContext;
  readonly #gone: () => void;
  readonly #repeater: Repeater;
  #limit: TimerHandle | undefined;
  #last: string | undefined;

  constructor(context: TransactionContext, request: WireRequest, peer: Peer, gone: () => void) {
    this.#context = context;
    this.request = request;
    this.peer = peer;
    this.#gone = gone;
    this.#repeater = new Repeater(context.clock);
  }

  /** Sends a response; `noAck` is called when a final response to an INVITE is never acknowledged. */
  respond(response: WireResponse, noAck: () => void = () => undefined): void {
    if (this.status !== undefined && this.status >= 200) return;
    this.status = response.status;
    this.#last = printMessage(response);
    this.repeat();
    if (response.status < 200) return;
    const { clock, reliable } = this.#context;
    const success = response.status < 300;
    if (this.request.method === 'INVITE') {
      if (success || !reliable) this.#repeater.start(T1, T2, () => this.repeat());
      this.#limit = clock.setTimer(64 * T1, () => this.#expire(noAck));
      return;
    }
    this.#limit = clock.setTimer(reliable ? 0 : 64 * T1, () => this.#expire());
  }

  /** Sends the last response again. */
  repeat(): void {
    if (this.#last !== undefined) this.#context.transmit(this.#last, answerPeer(this.request, this.peer));
  }

  /** The ACK came: nothing more is repeated. */
  acked(): void {
    this.#repeater.stop();
    this.#limit?.cancel();
    this.#limit = this.#context.clock.setTimer(this.#context.reliable ? 0 : T4, () => this.#expire());
  }

  stop(): void {
    this.#repeater.stop();
    this.#limit?.cancel();
  }

  #expire(after: () => void = () => undefined): void {
    this.stop();
    this.#gone();
    after();
  }
}

const T1 = 500; // RFC 3261 §17.1.1.1, milliseconds
const T2 = 4000;
const T4 = 5000;

/** RFC 3261 §17.1.3: branch and method. */
function keyOf(message: WireMessage): string {
  return `${message.headers.via[0]?.params['branch'] ?? ''} ${message.headers.cseq.method}`;
}

/** RFC 3261 §17.2.3: branch, sent-by and method; an ACK belongs to its INVITE. */
function serverKey(request: WireRequest): string {
  const via = request.headers.via[0];
  const method = request.method === 'ACK' ? 'INVITE' : request.method;
  return `${via?.params['branch'] ?? ''} ${via?.host ?? ''}:${via?.port ?? ''} ${method}`;
}

/** RFC 3261 §17.1.1.3. */
function ackToFailure(invite: WireRequest, response: WireResponse): WireRequest {
  const to: WireAddress = response.headers.to;
  return {
    method: 'ACK',
    uri: invite.uri,
    headers: {
      via: invite.headers.via.slice(0, 1),
      'max-forwards': 70,
      from: invite.headers.from,
      to,
      'call-id': invite.headers['call-id'],
      cseq: { seq: invite.headers.cseq.seq, method: 'ACK' },
      ...(invite.headers['route'] === undefined ? {} : { route: invite.headers['route'] }),
    },
  };
}

/** RFC 3581 §4: to the source when rport was asked for, else to the port in the Via (RFC 3261 §18.2.2). */
function answerPeer(request: WireRequest, source: Peer): Peer {
  const via = request.headers.via[0];
  if (source.connection !== undefined || via === undefined || 'rport' in via.params) return source;
  return { address: source.address, port: via.port ?? 5060 };
}
