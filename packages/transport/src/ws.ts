import type { IncomingMessage, Server } from 'node:http';
import type { EngineHost } from './host.ts';

/** How SIP over WebSocket hangs on an HTTP server. */
export interface SipWebSocketOptions {
  /** Path of the endpoint, for example `/sip`. */
  path: string;
  /** `host[:port]` that others use for this HTTP server; default: the address the client connected to. */
  advertise?: string;
  /** Decides about the Origin header; default: no Origin, or one with the host of the request. */
  allowOrigin?(origin: string | undefined, request: IncomingMessage): boolean;
  /** Largest message in bytes; default 65,536. */
  maxFrameBytes?: number;
  /** Milliseconds between pings; a client that misses one is dropped. Default 30,000. */
  pingMs?: number;
}

/** Accepts SIP over WebSocket (RFC 7118) on one path of an HTTP server. */
export function attachSipWebSocket(
  _server: Server,
  _host: EngineHost,
  _options: SipWebSocketOptions,
): { close(): Promise<void> } {
  throw new Error('not yet');
}
