import type { SipRequest, SipResponse } from './message/message.ts';
import type { ClientTransaction, ServerTransaction } from './transaction/transaction.ts';

/** What the engine reports. */
export type EngineEvent =
  /** A new server transaction; never ACK, never CANCEL. Via carries received and rport (RFC 3581). */
  | {
      readonly type: 'request';
      readonly request: SipRequest;
      readonly transaction: ServerTransaction;
      readonly flow: Flow;
    }
  /**
   * ACK to a 2xx. `transaction` is the INVITE it confirms when this engine answered it. Once for a UAS; each time for
   * an INVITE answered with `retransmit2xx: false`, since a proxy forwards every ACK.
   */
  | {
      readonly type: 'ack';
      readonly request: SipRequest;
      readonly flow: Flow;
      readonly transaction: ServerTransaction | undefined;
    }
  /** The CANCEL has been answered 200; the user answers 487 to `cancelled`. */
  | {
      readonly type: 'cancel';
      readonly request: SipRequest;
      readonly flow: Flow;
      readonly cancelled: ServerTransaction;
    }
  /** `retransmission`: a 2xx to INVITE seen before with this To tag; its stored ACK, if any, was sent again. */
  | {
      readonly type: 'response';
      readonly response: SipResponse;
      readonly flow: Flow;
      readonly transaction: ClientTransaction;
      readonly retransmission: boolean;
    }
  /** Timer B or F, or no final response 64*T1 after CANCEL. */
  | { readonly type: 'timeout'; readonly transaction: ClientTransaction }
  | {
      readonly type: 'transportError';
      readonly transaction: ClientTransaction | ServerTransaction;
      readonly error: Error;
    }
  | { readonly type: 'strayResponse'; readonly response: SipResponse; readonly flow: Flow }
  /** 64*T1 passed after a 2xx without ACK (RFC 3261 §13.3.1.4). */
  | { readonly type: 'noAck'; readonly transaction: ServerTransaction }
  | { readonly type: 'terminated'; readonly transaction: ClientTransaction | ServerTransaction }
  /** A message was not handed on; `reason` is a SIP_ERR_* code. It may have been answered (400, 481, 505 …). */
  | { readonly type: 'drop'; readonly reason: string; readonly flow: Flow };

/** Transports by their Via names. */
export type Protocol = 'UDP' | 'TCP' | 'TLS' | 'WS' | 'WSS';

/** A way to one peer: a connection, or a UDP socket and a remote address. */
export interface Flow {
  readonly id: string;
  readonly protocol: Protocol;
  readonly reliable: boolean;
  readonly secure: boolean;
  /** The advertised address for Via, never 0.0.0.0. */
  readonly sentByHost: string;
  readonly sentByPort: number | undefined;
  readonly localAddress: string;
  readonly localPort: number;
  /** IPv6 without brackets. */
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** The sink the engine pushes into. It records; it never calls back into the engine. */
export interface Out {
  transmit(bytes: Uint8Array, flow: Flow): void;
  event(event: EngineEvent): void;
}
