/** Whose mistake an error is: ours (`local`) or that of the other end or the network (`remote`). */
export type Fault = 'local' | 'remote';

/** One line of an error catalogue. */
export interface ErrorDefinition {
  /** Text with `%s` where details go. */
  readonly message: string;
  /** The status that answers a request which meets this error; present exactly for remote faults. */
  readonly status?: number;
  readonly fault: Fault;
  /** What happened, for the reference page. */
  readonly what?: string;
  /** What to do about it. */
  readonly remedy: string;
}

const BRAND = Symbol.for('@siplet/transport.TransportError');

/** An error of the transport layer; match `code`, not the text. */
export class TransportError extends Error {
  /** A `TPT_ERR_*` code of {@link ERRORS}. */
  readonly code: string;
  readonly fault: Fault;
  /** The status that answers a request which meets this error. */
  readonly status?: number;

  constructor(code: TransportErrorCode, details: readonly (string | number)[] = [], cause?: unknown) {
    const definition: ErrorDefinition = ERRORS[code];
    let index = 0;
    const message = definition.message.replaceAll('%s', () => String(details[index++] ?? ''));
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'TransportError';
    this.code = code;
    this.fault = definition.fault;
    if (definition.status !== undefined) this.status = definition.status;
  }

  /** True for errors of any copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  get [BRAND](): true {
    return true;
  }
}

/** Anything thrown or rejected, as an error (also one of another realm, for which `instanceof` is false). */
export function toError(value: unknown): Error {
  return typeof value === 'object' && value !== null && 'message' in value
    ? (value as Error)
    : new Error(String(value));
}

/** Every error this package makes, by code. */
export const ERRORS = {
  TPT_ERR_LISTEN_URI: {
    message: "Cannot read the listen address '%s'. Write it like udp://127.0.0.1:5060 or tcp://[::1]:5060.",
    fault: 'local',
    what: 'A listen address has an unknown scheme, a host name instead of an address, or a bad port.',
    remedy: 'Use udp:// or tcp://, a literal address and a port; SIP over WebSocket lives on the HTTP server.',
  },
  TPT_ERR_ADVERTISE: {
    message:
      "Cannot advertise '%s' for %s. Give a host name or address that others can reach, like sip.example.com:5060.",
    fault: 'local',
    what: 'An advertised address is malformed or a wildcard such as 0.0.0.0.',
    remedy: 'Give host or host:port; IPv6 addresses in brackets.',
  },
  TPT_ERR_PORT_IN_USE: {
    message: '%s is already in use. Stop the program that listens there, or listen on another port.',
    fault: 'local',
    what: 'Another socket is bound to the same address and port (EADDRINUSE).',
    remedy: 'Find the program with `ss -lntup`, stop it, or change the listen address.',
  },
  TPT_ERR_PORT_FORBIDDEN: {
    message: '%s may not be opened by this user. Choose a port above 1023, or grant the right to open it.',
    fault: 'local',
    what: 'The operating system refused the port (EACCES, EPERM).',
    remedy: 'Use a port above 1023, or give the process the right to bind low ports.',
  },
  TPT_ERR_ADDRESS_NOT_AVAILABLE: {
    message: '%s is not an address of this machine. Listen on 127.0.0.1, 0.0.0.0 or one of its own addresses.',
    fault: 'local',
    what: 'The listen address belongs to no interface of this machine (EADDRNOTAVAIL).',
    remedy: 'Use an address that `ip address` shows; put a public address of a NAT into `advertise`.',
  },
  TPT_ERR_LISTEN_FAILED: {
    message: 'Cannot listen on %s: %s.',
    fault: 'local',
    what: 'The operating system refused to open the socket for another reason.',
    remedy: 'Read the cause; it carries the error code of the system.',
  },
  TPT_ERR_STATE: {
    message: 'The SIP host is %s; %s.',
    fault: 'local',
    what: 'A method was called before start or after stop.',
    remedy: 'Start a host once, use it, stop it; make a new one to start again.',
  },
  TPT_ERR_NO_TRANSPORT: {
    message: 'No %s listener can reach %s. Add one to `listen`.',
    fault: 'remote',
    status: 503,
    what: 'A message should leave over a protocol or address family for which nothing is listening.',
    remedy: "Add for example 'tcp://0.0.0.0:5060' or 'udp://[::]:5060' to the listen addresses.",
  },
  TPT_ERR_UNROUTABLE: {
    message: 'No message can be sent to %s: %s.',
    fault: 'remote',
    status: 416,
    what: 'The target is no SIP URI, has a bad port, or names a WebSocket client by address.',
    remedy: 'Route to a sip: URI; reach a WebSocket client over the flow that it opened.',
  },
  TPT_ERR_LOOKUP: {
    message: 'The host %s has no address that can be reached from here.',
    fault: 'remote',
    status: 503,
    what: 'A host name does not resolve, or only to an address family without a listener.',
    remedy: 'Check the name and the resolver of this machine.',
  },
  TPT_ERR_FLOW_CLOSED: {
    message: 'The %s connection with %s is closed.',
    fault: 'remote',
    status: 430,
    what: 'A message was sent over a connection that is gone (RFC 5626 §11.6).',
    remedy: 'The peer must register again; applications see flowClosed and a 4xx or timeout.',
  },
  TPT_ERR_CONNECTION: {
    message: 'The %s connection with %s failed: %s.',
    fault: 'remote',
    status: 503,
    what: 'A connection was refused, reset or timed out.',
    remedy: 'Check that the peer listens there and that no firewall is in between.',
  },
  TPT_ERR_CONNECT_TIMEOUT: {
    message: 'No %s connection with %s within %s ms.',
    fault: 'remote',
    status: 503,
    what: 'The peer did not answer the attempt to connect.',
    remedy: 'Check that the peer is up and that no firewall drops the packets.',
  },
  TPT_ERR_SEND: {
    message: 'Cannot send to %s: %s.',
    fault: 'remote',
    status: 503,
    what: 'The operating system refused a datagram, for example because no route leads there or it is too long.',
    remedy: 'Check the route to the peer; large messages need TCP.',
  },
  TPT_ERR_SOURCE_PORT: {
    message: 'A datagram came from port 0.',
    fault: 'remote',
    status: 400,
    what: 'Nobody can be answered at port 0, so the sender is forged; the datagram was dropped and counted.',
    remedy: 'Nothing to do here; a firewall can drop such datagrams earlier.',
  },
  TPT_ERR_BACKPRESSURE: {
    message: '%s does not read what is sent to it: %s bytes are waiting.',
    fault: 'remote',
    status: 503,
    what: 'A peer stopped reading; its connection was closed, or a datagram was not queued.',
    remedy: 'Check the peer and the network to it.',
  },
  TPT_ERR_FIRST_MESSAGE_TIMEOUT: {
    message: '%s connected but sent no complete message within %s ms.',
    fault: 'remote',
    status: 408,
    what: 'A connection stayed silent or sent its first message too slowly, and was closed.',
    remedy: 'Usually a port scanner; otherwise raise firstMessageTimeoutMs.',
  },
  TPT_ERR_IDLE: {
    message: 'The connection with %s was silent for %s ms.',
    fault: 'remote',
    status: 408,
    what: 'A connection carried nothing for the idle time, and was closed.',
    remedy: 'Let the peer send keep-alives (RFC 5626 §3.5.1) or raise idleTimeoutMs.',
  },
  TPT_ERR_TOO_MANY_CONNECTIONS: {
    message: '%s has %s connections open already.',
    fault: 'remote',
    status: 503,
    what: 'One source opened more connections than allowed; the new one was closed.',
    remedy: 'Raise maxConnectionsPerSource when many clients share one address.',
  },
  TPT_ERR_FRAMING: {
    message: 'The byte stream of %s is not SIP: %s.',
    fault: 'remote',
    status: 400,
    what: 'Message borders were lost on a connection, so it was closed (RFC 3261 §18.3).',
    remedy: 'Check what the peer sends; each message on TCP needs one Content-Length.',
  },
} as const satisfies Record<string, ErrorDefinition>;

/** A code of {@link ERRORS}. */
export type TransportErrorCode = keyof typeof ERRORS;
