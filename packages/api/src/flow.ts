/** One transport association with a peer (RFC 5626): a UDP address pair, a connection or a WebSocket. */
export abstract class Flow {
  /** Text that finds this flow again with `SipServletContext.getFlow(token)`, while it lives. */
  abstract getToken(): string;
  /** False once the connection is closed; a UDP flow is always active. */
  abstract isActive(): boolean;
  abstract getRemoteAddr(): string;
  abstract getRemotePort(): number;
  /** `UDP`, `TCP`, `TLS`, `WS` or `WSS`. */
  abstract getTransport(): string;
}
