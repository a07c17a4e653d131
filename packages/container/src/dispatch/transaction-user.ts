import type { Flow, SipResponse } from '@siplet/sip';

/** Who hears about a client transaction: the `owner` of one. */
export interface TransactionUser {
  onResponse(response: SipResponse, flow: Flow | undefined, retransmission: boolean): void;
  /** Timer B or F fired. */
  onTimeout(): void;
  onTransportError(error: Error): void;
  /** The transaction is gone; no further 2xx can come. */
  onTerminated(): void;
}

/** Whether a transaction's owner is one of ours. */
export function isTransactionUser(owner: unknown): owner is TransactionUser {
  return typeof owner === 'object' && owner !== null && 'onResponse' in owner;
}
