import type { TransportErrorCode } from './errors.ts';
import { toError, TransportError } from './errors.ts';
import { systemReason } from './flow.ts';

/** Where to listen. */
export interface ListenOptions {
  /** `udp://127.0.0.1:5060` or `tcp://[::1]:5060`; port 0 lets the system choose, no port means 5060. */
  uri: string;
  /** `host[:port]` that goes on the wire instead of the bound address. */
  advertise?: string;
}

/** One open listener. */
export interface ListeningPoint {
  readonly protocol: 'UDP' | 'TCP' | 'WS';
  /** Bound address, possibly a wildcard. */
  readonly address: string;
  readonly port: number;
  /** Host on the wire, IPv6 in brackets; for a wildcard the address that most peers can use. */
  readonly advertisedHost: string;
  readonly advertisedPort: number;
}

/** Where a request shall go, beside its URI. */
export interface FlowPreference {
  /** `udp` or `tcp`; wins over the `transport` parameter of the URI. */
  transport?: string | undefined;
  /** Leave from this listener. */
  from?: ListeningPoint | undefined;
}

/** The error of a listener that could not be opened, with what to do about it. */
export function listenError(uri: string, error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  const cause = toError(error);
  const code = LISTEN_ERRORS.get(systemReason(cause));
  if (code !== undefined) return new TransportError(code, [uri], cause);
  return new TransportError('TPT_ERR_LISTEN_FAILED', [uri, systemReason(cause)], cause);
}

const LISTEN_ERRORS: ReadonlyMap<string, TransportErrorCode> = new Map<string, TransportErrorCode>([
  ['EADDRINUSE', 'TPT_ERR_PORT_IN_USE'],
  ['EACCES', 'TPT_ERR_PORT_FORBIDDEN'],
  ['EPERM', 'TPT_ERR_PORT_FORBIDDEN'],
  ['EADDRNOTAVAIL', 'TPT_ERR_ADDRESS_NOT_AVAILABLE'],
]);
