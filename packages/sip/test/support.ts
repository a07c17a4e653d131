import {
  CountingIds,
  PURE_CODEC,
  SipEngine,
  SipRequest,
  parseMessage,
  type EngineEvent,
  type EngineOptions,
  type Flow,
  type Ms,
  type Out,
  type Protocol,
  type SipMessage,
  type SipResponse,
} from '@siplet/sip';

export const codec = PURE_CODEC;

export function bytes(text: string): Uint8Array {
  return codec.encode(text);
}

export function text(message: Uint8Array): string {
  return codec.decode(message, 0, message.length);
}

/** Lines joined by CRLF, with the empty line at the end. */
export function wire(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

export function parse(message: Uint8Array | string): SipMessage {
  const result = parseMessage(typeof message === 'string' ? bytes(message) : message, codec);
  if (result.type !== 'message') throw new Error(`not a message: ${JSON.stringify(result)}`);
  return result.message;
}

export function parseRequest(message: Uint8Array | string): SipRequest {
  const parsed = parse(message);
  if (parsed.kind !== 'request') throw new Error('not a request');
  return parsed;
}

export function parseResponse(message: Uint8Array | string): SipResponse {
  const parsed = parse(message);
  if (parsed.kind !== 'response') throw new Error('not a response');
  return parsed;
}

const RELIABLE = new Set<Protocol>(['TCP', 'TLS', 'WS', 'WSS']);

export function flow(protocol: Protocol = 'UDP', remotePort = 5062): Flow {
  return {
    id: `${protocol}-${remotePort}`,
    protocol,
    reliable: RELIABLE.has(protocol),
    secure: protocol === 'TLS' || protocol === 'WSS',
    sentByHost: '192.0.2.1',
    sentByPort: 5060,
    localAddress: '192.0.2.1',
    localPort: 5060,
    remoteAddress: '192.0.2.2',
    remotePort,
  };
}

/** A sink that only records. */
export class Recorder implements Out {
  readonly sent: { at: Ms; text: string; flow: Flow; bytes: Uint8Array }[] = [];
  readonly events: EngineEvent[] = [];
  now: Ms = 0;

  transmit(message: Uint8Array, to: Flow): void {
    this.sent.push({ at: this.now, text: text(message), flow: to, bytes: message });
  }

  event(event: EngineEvent): void {
    this.events.push(event);
  }

  /** Start lines sent since the last call, with their time. */
  takeSent(): string[] {
    return this.sent
      .splice(0)
      .map(
        ({ at, text: sent }) =>
          `${at} ${sent.slice(0, sent.indexOf('\r\n')).replace(' SIP/2.0', '').replace('SIP/2.0 ', '')}`,
      );
  }

  takeEvents(): string[] {
    return this.events.splice(0).map((event) => {
      if (event.type === 'response') return `${event.response.status}${event.retransmission ? ' again' : ''}`;
      return event.type === 'drop' ? `drop ${event.reason}` : event.type;
    });
  }
}

/** An engine, its recorder and a driver that steps from deadline to deadline. */
export class Bench {
  readonly out = new Recorder();
  readonly engine: SipEngine;
  now: Ms = 0;

  constructor(options: Partial<EngineOptions> = {}) {
    this.engine = new SipEngine(this.out, { ids: new CountingIds(), codec, ...options });
  }

  receive(message: string | Uint8Array, over: Flow = flow()): void {
    this.engine.receive(typeof message === 'string' ? bytes(message) : message, over, this.now);
  }

  /** Fires every deadline up to `until` at its own moment. */
  until(until: Ms): void {
    for (;;) {
      const next = this.engine.nextTimeout();
      if (next > until) break;
      this.now = this.out.now = next;
      this.engine.advance(next);
    }
    this.now = this.out.now = until;
  }

  /** The event of this type, which must be there. */
  event<T extends EngineEvent['type']>(type: T): Extract<EngineEvent, { type: T }> {
    const event = this.out.events.find((candidate) => candidate.type === type);
    if (event === undefined) throw new Error(`no ${type} event`);
    return event as Extract<EngineEvent, { type: T }>;
  }
}

export function request(method = 'INVITE', uri = 'sip:bob@example.com'): SipRequest {
  const message = new SipRequest(method, uri);
  message.headers.set('Max-Forwards', '70');
  message.headers.set('From', '<sip:alice@example.com>;tag=a');
  message.headers.set('To', '<sip:bob@example.com>');
  message.headers.set('Call-ID', 'c1');
  message.headers.set('CSeq', `1 ${method}`);
  message.headers.set('Contact', '<sip:alice@192.0.2.1>');
  return message;
}

/** A request as a peer sends it. */
export function incoming(
  method = 'INVITE',
  options: { branch?: string; toTag?: string; cseq?: number; extra?: string[]; via?: string } = {},
): string {
  const { branch = 'z9hG4bKpeer', toTag, cseq = 1, extra = [], via } = options;
  return wire(
    `${method} sip:bob@192.0.2.1 SIP/2.0`,
    via ?? `Via: SIP/2.0/UDP 192.0.2.2:5062;branch=${branch}`,
    'Max-Forwards: 70',
    'From: <sip:alice@example.com>;tag=a',
    `To: <sip:bob@example.com>${toTag === undefined ? '' : `;tag=${toTag}`}`,
    'Call-ID: c1',
    `CSeq: ${cseq} ${method}`,
    'Contact: <sip:alice@192.0.2.2:5062>',
    ...extra,
    'Content-Length: 0',
  );
}

/** The response a peer gives to what was sent. */
export function answer(sent: string, status: number, toTag = 'b', extra: string[] = []): string {
  const message = parseRequest(sent);
  const { headers } = message;
  const to = headers.get('To') ?? '';
  return wire(
    `SIP/2.0 ${status} Whatever`,
    ...headers.getAll('Via').map((via) => `Via: ${via}`),
    `From: ${headers.get('From') ?? ''}`,
    `To: ${headers.to?.tag === undefined && toTag !== '' ? `${to};tag=${toTag}` : to}`,
    `Call-ID: ${headers.get('Call-ID') ?? ''}`,
    `CSeq: ${headers.get('CSeq') ?? ''}`,
    ...extra,
    'Content-Length: 0',
  );
}
