import { parseMessage, PURE_CODEC, type SipMessage, type SipRequest, type SipResponse } from '@siplet/sip';
import type { TestContainer } from '@siplet/testing';
import type { DatagramSocket } from '@siplet/transport';

/** A UDP peer that sends exactly what a test writes, for what no well-behaved phone would do. */
export class RawPeer {
  readonly address: string;
  readonly heard: SipMessage[] = [];
  readonly #t: TestContainer;
  readonly #socket: DatagramSocket;
  #branch = 0;

  private constructor(t: TestContainer, address: string, socket: DatagramSocket) {
    this.#t = t;
    this.address = address;
    this.#socket = socket;
  }

  static async open(t: TestContainer, address: string): Promise<RawPeer> {
    const holder: { peer: RawPeer | undefined } = { peer: undefined };
    const socket = await t.net.host(address).bind(address, 5060, {
      message: (bytes) => {
        const result = parseMessage(bytes, PURE_CODEC);
        if (result.type === 'message') holder.peer?.heard.push(result.message);
      },
      error: () => undefined,
    });
    holder.peer = new RawPeer(t, address, socket);
    return holder.peer;
  }

  get requests(): SipRequest[] {
    return this.heard.filter((message): message is SipRequest => message.kind === 'request');
  }

  get responses(): SipResponse[] {
    return this.heard.filter((message): message is SipResponse => message.kind === 'response');
  }

  get statuses(): number[] {
    return this.responses.map((response) => response.status);
  }

  get methods(): string[] {
    return this.requests.map((request) => request.method);
  }

  /** The last request of a method. */
  last(method: string): SipRequest {
    const found = this.requests.findLast((request) => request.method === method);
    if (found === undefined) throw new Error(`no ${method} was heard`);
    return found;
  }

  /** Sends text with LF for line ends and lets everything happen that it causes at once. */
  async send(text: string, body = ''): Promise<void> {
    const head = text
      .trim()
      .split('\n')
      .map((line) => line.trim());
    head.push(`Content-Length: ${body.length}`, '', body);
    this.#socket.send(PURE_CODEC.encode(head.join('\r\n')), this.#t.address, 5060, () => undefined);
    await this.#t.settled();
  }

  /** Sends a request with the usual headers; `headers` replaces or adds lines by name. */
  async request(method: string, options: RawRequest = {}): Promise<void> {
    this.#branch++;
    const branch = options.branch ?? `z9hG4bKraw${this.address}x${this.#branch}`;
    const lines = [
      `${method} ${options.uri ?? 'sip:service@example.com'} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.address}:5060;branch=${branch}`,
      `Max-Forwards: ${options.maxForwards ?? 70}`,
      `From: <sip:raw@example.com>;tag=${options.fromTag ?? 'rawtag'}`,
      `To: <sip:service@example.com>${options.toTag === undefined ? '' : `;tag=${options.toTag}`}`,
      `Call-ID: ${options.callId ?? 'raw-call'}`,
      `CSeq: ${options.cseq ?? 1} ${method === 'ACK' ? 'ACK' : method}`,
      `Contact: <sip:raw@${this.address}:5060>`,
      ...(options.headers ?? []),
    ];
    await this.send(lines.join('\n'), options.body);
  }

  /** Answers a request it heard. */
  async respond(request: SipRequest, status: number, options: RawResponse = {}): Promise<void> {
    const { headers } = request;
    const to = headers.get('To') ?? '';
    const tag = options.toTag ?? `tag-${this.address}`;
    const lines = [
      `SIP/2.0 ${status} ${options.reason ?? 'Text'}`,
      ...headers.getAll('Via').map((via) => `Via: ${via}`),
      `From: ${headers.get('From') ?? ''}`,
      `To: ${to.includes('tag=') || status === 100 ? to : `${to};tag=${tag}`}`,
      `Call-ID: ${headers.get('Call-ID') ?? ''}`,
      `CSeq: ${headers.get('CSeq') ?? ''}`,
      ...headers.getAll('Record-Route').map((route) => `Record-Route: ${route}`),
      ...(options.noContact === true ? [] : [`Contact: <sip:raw@${this.address}:5060>`]),
      ...(options.headers ?? []),
    ];
    await this.send(lines.join('\n'), options.body);
  }
}

export interface RawRequest {
  readonly uri?: string;
  readonly branch?: string;
  readonly callId?: string;
  readonly fromTag?: string;
  readonly toTag?: string;
  readonly cseq?: number;
  readonly maxForwards?: number;
  readonly headers?: readonly string[];
  readonly body?: string;
}

export interface RawResponse {
  readonly toTag?: string;
  readonly reason?: string;
  readonly noContact?: boolean;
  readonly headers?: readonly string[];
  readonly body?: string;
}
