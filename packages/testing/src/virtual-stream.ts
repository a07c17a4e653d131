import type { MessageConnection, MessageHandler, StreamConnection, StreamHandler } from '@siplet/transport';
import type { Endpoint, TrafficEntry } from './traffic.ts';

/** What a reliable pipe needs from its network. */
export interface PipeCarrier {
  /** Carries out `arrive` after the delay of the link, or holds it while the link is cut. */
  carry(from: string, to: string, notBefore: number, arrive: () => void): number;
  /** Calls soon, at this instant. */
  soon(work: () => void): void;
  /** Notes what was sent. */
  note(entry: Omit<TrafficEntry, 'sentAt'>): void;
}

interface End {
  readonly endpoint: Endpoint;
  data(bytes: Uint8Array): void;
  ended(error: Error | undefined): void;
}

/** One direction of a connection: in order, nothing lost. */
class Pipe {
  readonly #carrier: PipeCarrier;
  readonly #from: Endpoint;
  readonly #to: End;
  readonly #protocol: 'TCP' | 'WS';
  #lastArrival = 0;

  constructor(carrier: PipeCarrier, from: Endpoint, to: End, protocol: 'TCP' | 'WS') {
    this.#carrier = carrier;
    this.#from = from;
    this.#to = to;
    this.#protocol = protocol;
  }

  push(bytes: Uint8Array): void {
    const copy = Uint8Array.from(bytes);
    const to = this.#to;
    this.#carrier.note({ protocol: this.#protocol, from: this.#from, to: to.endpoint, bytes: copy, fate: 'delivered' });
    this.#carry(() => to.data(copy));
  }

  end(error?: Error): void {
    this.#carry(() => this.#to.ended(error));
  }

  #carry(arrive: () => void): void {
    const { address } = this.#to.endpoint;
    this.#lastArrival = this.#carrier.carry(this.#from.address, address, this.#lastArrival, arrive);
  }
}

/** One end of a virtual connection; streams and WebSockets differ in their handlers only. */
abstract class ConnectionEnd implements End {
  readonly endpoint: Endpoint;
  readonly #carrier: PipeCarrier;
  #out: Pipe | undefined;
  #queued: Uint8Array[] = [];
  #received: Uint8Array[] = [];
  #state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';

  constructor(carrier: PipeCarrier, endpoint: Endpoint) {
    this.#carrier = carrier;
    this.endpoint = endpoint;
  }

  /** @internal Joins the two ends; from now on bytes flow. */
  established(out: Pipe): void {
    if (this.#state === 'closed') {
      out.end();
      return;
    }
    this.#out = out;
    const closing = this.#state === 'closing';
    this.#state = 'open';
    for (const bytes of this.#queued.splice(0)) out.push(bytes);
    if (closing) this.close();
  }

  data(bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    if (this.hasHandler()) this.deliver(bytes);
    else this.#received.push(bytes);
  }

  ended(error: Error | undefined): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.reportClosed(error);
  }

  close(): void {
    if (this.#state === 'closed' || this.#state === 'closing') return;
    if (this.#state === 'connecting') {
      this.#state = 'closing';
      return;
    }
    this.#state = 'closing';
    this.#out?.end();
    this.#carrier.soon(() => this.ended(undefined));
  }

  /** Breaks the connection on both sides, as a reset does. */
  reset(error: Error): void {
    if (this.#state === 'closed') return;
    this.#out?.end(error);
    this.ended(error);
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  protected push(bytes: Uint8Array): void {
    if (this.#state === 'connecting') this.#queued.push(Uint8Array.from(bytes));
    else if (this.#state === 'open') this.#out?.push(bytes);
  }

  protected flushReceived(): void {
    for (const bytes of this.#received.splice(0)) this.deliver(bytes);
  }

  protected abstract hasHandler(): boolean;
  protected abstract deliver(bytes: Uint8Array): void;
  protected abstract reportClosed(error: Error | undefined): void;
}

/** One end of a virtual TCP connection. */
export class VirtualStream extends ConnectionEnd implements StreamConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  #handler: StreamHandler | undefined;

  constructor(carrier: PipeCarrier, local: Endpoint, remote: Endpoint) {
    super(carrier, local);
    this.localAddress = local.address;
    this.localPort = local.port;
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
  }

  setHandler(handler: StreamHandler): void {
    this.#handler = handler;
    this.flushReceived();
  }

  write(bytes: Uint8Array): void {
    this.push(bytes);
  }

  /** @internal Tells the opener that the connection is there. */
  opened(): void {
    if (!this.isClosed) this.#handler?.open?.();
  }

  protected override hasHandler(): boolean {
    return this.#handler !== undefined;
  }

  protected override deliver(bytes: Uint8Array): void {
    this.#handler?.data(bytes);
  }

  protected override reportClosed(error: Error | undefined): void {
    this.#handler?.closed(error);
  }
}

/** One end of a virtual WebSocket. */
export class VirtualWebSocket extends ConnectionEnd implements MessageConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly secure: boolean;
  #handler: MessageHandler | undefined;

  constructor(carrier: PipeCarrier, local: Endpoint, remote: Endpoint, secure: boolean) {
    super(carrier, local);
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
    this.secure = secure;
  }

  setHandler(handler: MessageHandler): void {
    this.#handler = handler;
    this.flushReceived();
  }

  send(bytes: Uint8Array): void {
    this.push(bytes);
  }

  protected override hasHandler(): boolean {
    return this.#handler !== undefined;
  }

  protected override deliver(bytes: Uint8Array): void {
    this.#handler?.message(bytes);
  }

  protected override reportClosed(error: Error | undefined): void {
    this.#handler?.closed(error);
  }
}

/** Joins two ends so that what one writes the other gets. */
export function join(carrier: PipeCarrier, a: ConnectionEnd, b: ConnectionEnd, protocol: 'TCP' | 'WS'): void {
  b.established(new Pipe(carrier, b.endpoint, a, protocol));
  a.established(new Pipe(carrier, a.endpoint, b, protocol));
}
