import type { Ms, ParseLimits } from '@siplet/sip';
import { StreamFramer } from '@siplet/sip';
import type { HostPort, LocalAddresses } from './addresses.ts';
import { bracket, isWildcard } from './addresses.ts';
import type { TransportErrorCode } from './errors.ts';
import { TransportError } from './errors.ts';
import type { FlowSink } from './flow.ts';
import { ConnectedFlow, connectionError } from './flow.ts';
import type { Clock, StreamConnection, StreamPort, StreamServer, TimerHandle } from './ports.ts';

/** What every TCP connection of a host shares. */
export interface StreamSettings {
  readonly clock: Clock;
  readonly limits: Partial<ParseLimits> | undefined;
  readonly firstMessageTimeoutMs: Ms;
  readonly idleTimeoutMs: Ms;
  readonly connectTimeoutMs: Ms;
}

/** One TCP connection: frames what comes in, watches that it makes progress. */
export class StreamFlow extends ConnectedFlow {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly outbound: boolean;
  readonly #connection: StreamConnection;
  readonly #settings: StreamSettings;
  readonly #sentBy: (localAddress: string) => HostPort;
  readonly #framer: StreamFramer;
  #established: boolean;
  #spoken = false;
  #activeAt: Ms;
  #pendingSince: Ms = NEVER;
  #lifeTimer: TimerHandle | undefined = undefined;
  #messageTimer: TimerHandle | undefined = undefined;

  constructor(
    id: string,
    connection: StreamConnection,
    outbound: boolean,
    sentBy: (localAddress: string) => HostPort,
    settings: StreamSettings,
    sink: FlowSink,
  ) {
    super(id, sink);
    this.remoteAddress = connection.remoteAddress;
    this.remotePort = connection.remotePort;
    this.outbound = outbound;
    this.#connection = connection;
    this.#sentBy = sentBy;
    this.#settings = settings;
    this.#framer = new StreamFramer(settings.limits);
    this.#established = !outbound;
    this.#activeAt = settings.clock.now();
  }

  /** Starts to listen to the connection. */
  begin(): void {
    const { connectTimeoutMs, firstMessageTimeoutMs } = this.#settings;
    this.#armLife(this.outbound ? connectTimeoutMs : firstMessageTimeoutMs);
    this.#connection.setHandler({
      open: () => this.#open(),
      data: (bytes) => this.#data(bytes),
      closed: (error) => this.#end(error && connectionError(this, error)),
    });
  }

  get protocol(): 'TCP' {
    return 'TCP';
  }

  get secure(): boolean {
    return false;
  }

  get localAddress(): string {
    return this.#connection.localAddress;
  }

  get localPort(): number {
    return this.#connection.localPort;
  }

  get sentByHost(): string {
    return this.#sentBy(this.#connection.localAddress).host;
  }

  get sentByPort(): number | undefined {
    return this.#sentBy(this.#connection.localAddress).port;
  }

  override deliver(bytes: Uint8Array): void {
    if (this.closed) {
      this.sink.undeliverable(bytes, this);
      return;
    }
    this.#activeAt = this.#settings.clock.now();
    this.#connection.write(bytes);
  }

  override abandon(): void {
    this.closed = true;
    this.#disarm();
    this.#connection.close();
  }

  #open(): void {
    if (this.closed || this.#established) return;
    this.#established = true;
    this.#lifeTimer?.cancel();
    this.#armLife(this.#settings.idleTimeoutMs);
  }

  #data(bytes: Uint8Array): void {
    if (this.closed) return;
    this.#open();
    this.#activeAt = this.#settings.clock.now();
    let complete = false;
    for (const frame of this.#framer.push(bytes)) {
      if (this.closed) return;
      switch (frame.type) {
        case 'frame':
          complete = true;
          this.#spoken = true;
          this.sink.received(frame.bytes, this);
          break;
        case 'ping':
          this.#connection.write(PONG); // RFC 5626 §4.4.1
          break;
        case 'pong':
          break;
        case 'error': // RFC 3261 §18.3: the border is lost, so is the stream
          this.#refuse('TPT_ERR_FRAMING', frame.reason);
          return;
        default:
          frame satisfies never;
      }
    }
    this.#watchMessage(complete);
  }

  /** A message must be complete some time after its first byte; one lazy timer watches that. */
  #watchMessage(complete: boolean): void {
    if (this.#framer.pending === 0) {
      this.#pendingSince = NEVER;
      return;
    }
    if (complete || this.#pendingSince === NEVER) this.#pendingSince = this.#activeAt;
    this.#messageTimer ??= this.#settings.clock.setTimer(this.#settings.firstMessageTimeoutMs, () => this.#slow());
  }

  #slow(): void {
    this.#messageTimer = undefined;
    if (this.closed || this.#pendingSince === NEVER) return;
    const { clock, firstMessageTimeoutMs } = this.#settings;
    const left = this.#pendingSince + firstMessageTimeoutMs - clock.now();
    if (left <= 0) this.#refuse('TPT_ERR_FIRST_MESSAGE_TIMEOUT', firstMessageTimeoutMs);
    else this.#messageTimer = clock.setTimer(left, () => this.#slow());
  }

  #armLife(delay: Ms): void {
    this.#lifeTimer = this.#settings.clock.setTimer(delay, () => this.#review());
  }

  /** The life timer: connected in time, spoken in time, not idle for too long. */
  #review(): void {
    if (this.closed) return;
    const { clock, connectTimeoutMs, firstMessageTimeoutMs, idleTimeoutMs } = this.#settings;
    if (!this.#established) {
      const error = new TransportError('TPT_ERR_CONNECT_TIMEOUT', ['TCP', this.#peer(), connectTimeoutMs]);
      this.#end(error);
      this.#connection.close();
      return;
    }
    if (!this.#spoken && !this.outbound) {
      this.#refuse('TPT_ERR_FIRST_MESSAGE_TIMEOUT', firstMessageTimeoutMs);
      return;
    }
    const left = this.#activeAt + idleTimeoutMs - clock.now();
    if (left <= 0) this.#refuse('TPT_ERR_IDLE', idleTimeoutMs);
    else this.#armLife(left);
  }

  #refuse(code: TransportErrorCode, detail: string | number): void {
    this.sink.dropped(code);
    this.#end(new TransportError(code, [this.#peer(), detail]));
    this.#connection.close();
  }

  #end(error: TransportError | undefined): void {
    this.#disarm();
    this.finish(error);
  }

  #disarm(): void {
    this.#lifeTimer?.cancel();
    this.#messageTimer?.cancel();
    this.#lifeTimer = undefined;
    this.#messageTimer = undefined;
  }

  #peer(): string {
    return `${bracket(this.remoteAddress)}:${this.remotePort}`;
  }
}

/** One listening TCP socket. */
export class StreamListener {
  readonly protocol = 'TCP';
  readonly #advertised: HostPort | undefined;
  readonly #locals: LocalAddresses;
  #server: StreamServer | undefined;

  constructor(advertised: HostPort | undefined, locals: LocalAddresses) {
    this.#advertised = advertised;
    this.#locals = locals;
  }

  /** Starts to listen. */
  async open(
    port: StreamPort,
    address: string,
    portNumber: number,
    accept: (connection: StreamConnection) => void,
  ): Promise<void> {
    this.#server = await port.listen(address, portNumber, accept);
  }

  /** Stops listening. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.close();
  }

  get address(): string {
    return this.#server?.address ?? '';
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  get advertisedHost(): string {
    return (
      this.#advertised?.host ?? bracket(isWildcard(this.address) ? this.#locals.outward(this.address) : this.address)
    );
  }

  get advertisedPort(): number {
    return this.#advertised?.port ?? this.port;
  }

  /** What a Via says on a connection with this peer: where others can connect to us, never the ephemeral port. */
  sentBy(localAddress: string, remoteAddress: string): HostPort {
    if (this.#advertised !== undefined) return { host: this.#advertised.host, port: this.advertisedPort };
    if (!isWildcard(this.address)) return { host: bracket(this.address), port: this.port };
    return { host: bracket(localAddress || this.#locals.towards(remoteAddress)), port: this.port };
  }
}

const NEVER = -1;
const PONG = Buffer.from('\r\n');
