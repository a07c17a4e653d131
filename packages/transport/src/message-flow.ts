import { TransportError } from './errors.ts';
import type { FlowSink } from './flow.ts';
import { ConnectedFlow, connectionError } from './flow.ts';
import type { MessageConnection } from './ports.ts';

/** What goes on the wire for a WebSocket connection. */
export interface MessageFlowLocal {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** One WebSocket connection (RFC 7118); the client cannot be reached in any other way. */
export class MessageFlow extends ConnectedFlow {
  readonly secure: boolean;
  readonly sentByHost: string;
  readonly sentByPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #connection: MessageConnection;

  constructor(id: string, connection: MessageConnection, local: MessageFlowLocal, sink: FlowSink) {
    super(id, sink);
    this.#connection = connection;
    this.secure = local.secure;
    this.sentByHost = local.host;
    this.sentByPort = local.port;
    this.remoteAddress = connection.remoteAddress;
    this.remotePort = connection.remotePort;
  }

  /** Starts to listen to the connection. */
  begin(): void {
    this.#connection.setHandler({
      message: (bytes) => this.#message(bytes),
      closed: (error) =>
        // RFC 7118 §5: what was not answered on this connection never will be.
        this.finish(
          error === undefined
            ? new TransportError('TPT_ERR_FLOW_CLOSED', [
                this.protocol,
                `${this.remoteAddress} port ${this.remotePort}`,
              ])
            : connectionError(this, error),
        ),
    });
  }

  get protocol(): 'WS' | 'WSS' {
    return this.secure ? 'WSS' : 'WS';
  }

  get outbound(): boolean {
    return false;
  }

  get localAddress(): string {
    return this.sentByHost.replaceAll(/[[\]]/g, '');
  }

  get localPort(): number {
    return this.sentByPort;
  }

  override deliver(bytes: Uint8Array): void {
    if (this.closed) this.sink.undeliverable(bytes, this);
    else this.#connection.send(bytes);
  }

  override abandon(): void {
    this.closed = true;
    this.#connection.close();
  }

  #message(bytes: Uint8Array): void {
    if (this.closed) return;
    // RFC 5626 §3.5.1 keep-alives, which SIP.js sends on WebSocket too and expects to be answered.
    if (bytes.length <= 4 && bytes.every((byte) => byte === 13 || byte === 10)) {
      if (bytes.length === 4) this.#connection.send(PONG);
      return;
    }
    this.sink.received(bytes, this);
  }
}

const PONG = Buffer.from('\r\n');
