import type { Flow, Protocol } from '@siplet/sip';
import { TransportError } from './errors.ts';

/** What flows report; the host feeds the engine with it. */
export interface FlowSink {
  /** A complete message arrived. */
  received(bytes: Uint8Array, flow: OwnFlow): void;
  /** Something that was sent, or is still to be answered, on this flow is lost. */
  failed(flow: OwnFlow, error: Error, bytes?: Uint8Array): void;
  /** A connection is gone. */
  gone(flow: ConnectedFlow): void;
  /** A message could not be written because the connection is closed already. */
  undeliverable(bytes: Uint8Array, flow: ConnectedFlow): void;
  /** Something was refused. */
  dropped(code: string): void;
}

/** A flow of this package: knows how to send. */
export abstract class OwnFlow implements Flow {
  abstract readonly id: string;
  abstract readonly protocol: Protocol;
  abstract readonly reliable: boolean;
  abstract readonly secure: boolean;
  abstract readonly sentByHost: string;
  abstract readonly sentByPort: number | undefined;
  abstract readonly localAddress: string;
  abstract readonly localPort: number;
  abstract readonly remoteAddress: string;
  abstract readonly remotePort: number;

  /** Sends one complete message; failures are reported to the sink. */
  abstract deliver(bytes: Uint8Array): void;
}

/** A flow over one connection. */
export abstract class ConnectedFlow extends OwnFlow {
  readonly id: string;
  /** True from the moment nothing can be sent any more. */
  closed = false;
  /** True when we opened the connection, so that it can be opened again. */
  abstract readonly outbound: boolean;
  /** Flows whose messages this connection carries in their place (RFC 3261 §18.2.2). */
  readonly standsFor: OwnFlow[] = [];
  protected readonly sink: FlowSink;

  constructor(id: string, sink: FlowSink) {
    super();
    this.id = id;
    this.sink = sink;
  }

  get reliable(): boolean {
    return true;
  }

  /** Closes the connection without reporting it. */
  abstract abandon(): void;

  /** Reports the end, once: first what is lost, then the flow itself. */
  protected finish(error: TransportError | undefined): void {
    if (this.closed) return;
    this.closed = true;
    if (error !== undefined) {
      for (const flow of this.standsFor) this.sink.failed(flow, error);
      this.sink.failed(this, error);
    }
    this.sink.gone(this);
  }
}

/** A connection error in our words, with the system's error as its cause. */
export function connectionError(flow: Flow, error: Error): TransportError {
  if (error instanceof TransportError) return error;
  return new TransportError(
    'TPT_ERR_CONNECTION',
    [flow.protocol, `${flow.remoteAddress} port ${flow.remotePort}`, systemReason(error)],
    error,
  );
}

/** The short reason of a system error, such as `ECONNREFUSED`. */
export function systemReason(error: Error): string {
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : error.message;
}
