import type { MessageConnection } from '@siplet/transport';
import type { Duration } from './duration.ts';
import { toMs } from './duration.ts';
import { TestingError } from './errors.ts';
import { renderLadder } from './ladder.ts';
import { hostPortOf } from './npm-sip.ts';
import type { WireRequest, WireResponse } from './npm-sip.ts';
import { PhoneAgent } from './phone-agent.ts';
import type { PhoneIdentity, PhoneMessage } from './phone-agent.ts';
import type { PhoneCall } from './phone-call.ts';
import type { PhoneAlgorithm } from './phone-digest.ts';
import { IncomingCall } from './phone-incoming.ts';
import type { InviteScript } from './phone-incoming.ts';
import { TcpLink, UdpLink, WsLink } from './phone-link.ts';
import type { Peer, PhoneLink } from './phone-link.ts';
import { OutgoingCall } from './phone-outgoing.ts';
import type { CallOptions } from './phone-outgoing.ts';
import { PhoneRegistration } from './phone-registration.ts';
import type { RegisterOptions, RegisterResult } from './phone-registration.ts';
import { CallMedia } from './phone-sdp.ts';
import type { MediaKind } from './phone-sdp.ts';
import type { PhoneServerTransaction } from './phone-transactions.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Endpoint } from './traffic.ts';
import type { VirtualClock } from './virtual-clock.ts';
import type { VirtualNetwork } from './virtual-network.ts';

/** What a phone is. */
export interface PhoneOptions {
  readonly transport?: 'udp' | 'tcp' | 'ws';
  readonly password?: string;
  /** User name for digest; that of the AOR by default. */
  readonly authUser?: string;
  readonly displayName?: string;
  /** Its address on the network; each phone of a test container gets one of its own. */
  readonly address?: string;
  readonly port?: number;
  /** Challenges it understands; MD5 and SHA-256 by default. */
  readonly algorithms?: readonly PhoneAlgorithm[];
  /** `rtp` and `webrtc` phones refuse each other's media with 488; `any` (default) takes everything. */
  readonly media?: MediaKind;
  /** Name in ladders; the user part by default. */
  readonly name?: string;
  /** Asks for rport (RFC 3581); true by default. */
  readonly rport?: boolean;
}

/** Where a phone lives. */
export interface PhoneWorld {
  readonly clock: VirtualClock;
  readonly net: VirtualNetwork;
  readonly random: SeededRandom;
  /** Outbound proxy and registrar. */
  readonly server?: Endpoint;
  /** Opens the WebSocket of a `ws` phone. */
  openWebSocket?(address: string): MessageConnection;
}

/**
 * A scripted phone on the virtual network. It reads and prints SIP with npm `sip` and has few lines of its own for
 * everything else, so that the container is never checked against itself. Verbs that wait move virtual time on.
 */
export class Phone {
  readonly aor: string;
  readonly name: string;
  readonly address: string;
  /** The calls of this phone, oldest first. */
  readonly calls: PhoneCall[] = [];
  /** Expected answers to requests outside INVITE dialogs, by method; 200 by default. */
  readonly replies = new Map<string, number>();
  readonly #agent: PhoneAgent;
  readonly #registration: PhoneRegistration;
  #script: InviteScript = { act: 'ring' };
  #claimed = 0;

  constructor(aor: string, world: PhoneWorld, options: PhoneOptions = {}) {
    const identity = identify(aor, world, options);
    this.aor = aor;
    this.address = identity.address;
    this.name = options.name ?? identity.user;
    world.net.label(identity.address, this.name);
    const random = world.random.fork(`phone ${aor} ${identity.address}`);
    const port = options.port ?? 5060;
    this.#agent = new PhoneAgent(
      identity,
      world.clock,
      random,
      (receive) => openLink(options.transport ?? 'udp', world, identity, port, receive),
      (request, server, text) => this.#request(request, server, text),
    );
    this.#agent.explain = () => renderLadder(world.net, { last: 30 });
    this.#registration = new PhoneRegistration(this.#agent);
  }

  /** Everything this phone sent and heard, repetitions included. */
  get messages(): readonly PhoneMessage[] {
    return this.#agent.messages;
  }

  /** What it heard. */
  get heard(): readonly PhoneMessage[] {
    return this.messages.filter((message) => message.direction === 'in');
  }

  /** What it sent. */
  get said(): readonly PhoneMessage[] {
    return this.messages.filter((message) => message.direction === 'out');
  }

  /** Session descriptions of the latest call. */
  get media(): CallMedia {
    return this.calls.at(-1)?.media ?? new CallMedia();
  }

  /** Its Contact URI. */
  get contactUri(): string {
    return this.#agent.identity.contactUri;
  }

  /** True after a successful `register`, until `unregister`. */
  get registered(): boolean {
    return this.#registration.isActive;
  }

  /** Registers or refreshes, answering a digest challenge, and waits for the result; a refusal is a result. */
  async register(options: RegisterOptions = {}): Promise<RegisterResult> {
    return this.#registration.register(options);
  }

  /** Removes its binding, or with `all` every binding of the address-of-record. */
  async unregister(options: { all?: boolean } = {}): Promise<RegisterResult> {
    return this.#registration.unregister(options.all === true);
  }

  /** Calls somebody; the INVITE leaves at once, and the call's own verbs wait. */
  call(uri: string, options: CallOptions = {}): OutgoingCall {
    const call = new OutgoingCall(this.#agent, uri, options);
    this.calls.push(call);
    call.start();
    return call;
  }

  /** What to do with calls from now on. */
  onInvite(script: InviteScript): this {
    this.#script = script;
    return this;
  }

  /** Waits for the next call that comes in. */
  async nextCall(limit?: Duration): Promise<IncomingCall> {
    const next = (): IncomingCall | undefined =>
      this.calls.slice(this.#claimed).find((call) => call instanceof IncomingCall);
    await this.#agent.wait(() => next() !== undefined, 'a call', limit);
    const call = next();
    if (call === undefined) throw new TestingError('TST_ERR_PHONE', `${this.name} was not called`);
    this.#claimed = this.calls.indexOf(call) + 1;
    return call;
  }

  /** Waits for the next call, lets it ring, picks up, and waits for the ACK. */
  async answerNext(options: { ringFor?: Duration; sdp?: string } = {}): Promise<IncomingCall> {
    const call = await this.nextCall();
    if (options.ringFor !== undefined) {
      if (call.state === 'calling') call.ring();
      const answerAt = this.#agent.clock.now() + toMs(options.ringFor);
      this.#agent.clock.setTimer(toMs(options.ringFor), () => undefined);
      await this.#agent.wait(() => this.#agent.clock.now() >= answerAt || call.isOver, 'the end of ringing');
    }
    if (call.state === 'answered' || call.state === 'connected') return call.connected(); // by its script
    return call.answer(options.sdp === undefined ? {} : { sdp: options.sdp });
  }

  /** Ends its latest call that is not over. */
  async hangUp(): Promise<void> {
    const call = this.calls.findLast((one) => !one.isOver);
    if (call === undefined) throw new TestingError('TST_ERR_PHONE', `${this.name} has no call to hang up`);
    await call.hangUp();
  }

  /** Gives up the latest call that it made and that was not answered. */
  async cancel(): Promise<void> {
    const call = this.calls.findLast((one) => one instanceof OutgoingCall && !one.isOver);
    if (!(call instanceof OutgoingCall) || call.state === 'connected') {
      throw new TestingError('TST_ERR_PHONE', `${this.name} has no call to cancel`);
    }
    await call.cancel();
  }

  /** Sends any request outside a dialog and waits for its final response. */
  async sendRequest(
    method: string,
    uri: string,
    options: { headers?: Record<string, unknown>; content?: string; routes?: string[] } = {},
  ): Promise<WireResponse> {
    let final: WireResponse | undefined;
    let timedOut = false;
    let seq = 0;
    this.#agent.exchange(
      {
        method,
        uri,
        from: this.#agent.from(this.#agent.id(4)),
        to: { uri, params: {} },
        callId: `${this.#agent.id()}@${this.#agent.identity.viaHost}`,
        routes: options.routes ?? [],
        ...(options.headers === undefined ? {} : { headers: options.headers }),
        content: options.content,
        nextSeq: () => (seq += 1),
        response: (response) => {
          if (response.status >= 200) final ??= response;
        },
        timeout: () => (timedOut = true),
      },
      this.#agent.identity.server === undefined ? uri : undefined,
    );
    await this.#agent.wait(() => final !== undefined || timedOut, `the answer to ${method}`);
    if (final === undefined) throw new TestingError('TST_ERR_PHONE', `${this.name}: nobody answered ${method} ${uri}`);
    return final;
  }

  /** The phone is gone: it neither hears nor sends any more; a WebSocket closes unless told otherwise. */
  goSilent(options: { keepSocket?: boolean } = {}): void {
    this.#registration.stop();
    const closes = this.#agent.identity.viaHost.endsWith('.invalid') && options.keepSocket !== true;
    this.#agent.silence(closes);
    for (const call of this.calls) call.vanish();
  }

  #request(request: WireRequest, server: PhoneServerTransaction, text: string): void {
    const { headers, method } = request;
    const localTag = headers.to.params['tag'];
    const call = this.calls.find((one) => one.matches(headers['call-id'], localTag, headers.from.params['tag']));
    if (method === 'ACK') call?.acked(request);
    else if (method === 'CANCEL') this.#cancel(request, server);
    else if (localTag !== undefined) {
      // RFC 3261 §12.2.2
      if (call === undefined) server.respond(this.#agent.makeResponse(request, 481));
      else call.receive(request, server, text);
    } else if (method === 'INVITE') this.#ringUp(server, text);
    else server.respond(this.#agent.makeResponse(request, this.replies.get(method) ?? (KNOWN.has(method) ? 200 : 501)));
  }

  #ringUp(server: PhoneServerTransaction, text: string): void {
    const call = new IncomingCall(this.#agent, server, text);
    this.calls.push(call);
    call.play(this.#script, () => this.goSilent());
  }

  #cancel(request: WireRequest, server: PhoneServerTransaction): void {
    const invite = this.#agent.transactions.cancelled(request);
    server.respond(this.#agent.makeResponse(request, invite === undefined ? 481 : 200));
    const callId = request.headers['call-id'];
    const call = this.calls.findLast((one) => one instanceof IncomingCall && one.callId === callId);
    if (invite !== undefined && call instanceof IncomingCall) call.cancelled();
  }
}

const KNOWN: ReadonlySet<string> = new Set(['OPTIONS', 'MESSAGE', 'INFO', 'NOTIFY', 'UPDATE']);

function identify(aor: string, world: PhoneWorld, options: PhoneOptions): PhoneIdentity {
  const match = /^sips?:([^@;]+)@([^;?]+)/.exec(aor);
  if (match === null || hostPortOf(aor) === undefined) {
    throw new TestingError('TST_ERR_OPTION', `a phone needs an address like sip:alice@example.com, not ${aor}`);
  }
  const [, user = '', domain = ''] = match;
  const transport = options.transport ?? 'udp';
  const address = options.address ?? world.net.host('10.0.0.11').address;
  const port = options.port ?? 5060;
  const random = world.random.fork(`identity ${aor} ${address}`);
  const id = (bytes: number): string => Buffer.from(random.bytes(bytes)).toString('hex');
  const ws = transport === 'ws';
  const viaHost = ws ? `${id(6)}.invalid` : address;
  const suffix = { udp: '', tcp: ';transport=tcp', ws: ';transport=ws' }[transport];
  const instance = { '+sip.instance': `"<urn:uuid:${id(4)}-${id(2)}-4${id(1)}0-80${id(1)}-${id(6)}>"`, 'reg-id': '1' };
  return {
    aor,
    user,
    domain,
    displayName: options.displayName,
    authUser: options.authUser ?? user,
    password: options.password,
    algorithms: options.algorithms ?? ['SHA-256', 'MD5'],
    address,
    viaHost,
    viaPort: ws ? undefined : port,
    rport: !ws && options.rport !== false,
    contactUri: ws ? `sip:${id(4)}@${viaHost}${suffix}` : `sip:${user}@${address}:${port}${suffix}`,
    contactParams: ws ? instance : {},
    server: world.server,
    media: options.media ?? 'any',
  };
}

function openLink(
  transport: 'udp' | 'tcp' | 'ws',
  world: PhoneWorld,
  identity: PhoneIdentity,
  port: number,
  receive: (text: string, peer: Peer) => void,
): PhoneLink {
  const host = world.net.host(identity.address);
  if (transport === 'udp') return new UdpLink(host, port, receive);
  if (transport === 'tcp') return new TcpLink(host, port, receive);
  const open = world.openWebSocket?.bind(world);
  if (open === undefined) throw new TestingError('TST_ERR_OPTION', 'a ws phone needs a server to connect to');
  return new WsLink(() => open(identity.address), receive);
}
