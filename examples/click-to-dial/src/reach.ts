import { isIP } from 'node:net';
import type { Registration } from './registration.entity.ts';

/** How to get a request to a registered phone, as plain data. */
export interface Reach {
  /** The Request-URI: the phone's own Contact. */
  readonly uri: string;
  /** The flow to send on; absent when the URI's own address is right. */
  readonly flowToken?: string;
}

/** The parts of a Contact URI that decide about the way. */
export interface ContactParts {
  readonly host: string;
}

/**
 * How to reach a binding, `undefined` when there is no way left.
 * @param isAlive whether the flow of a token is still open
 */
export function reach(
  binding: Registration,
  contact: ContactParts,
  isAlive: (token: string) => boolean,
): Reach | undefined {
  const { contact: uri, flowToken } = binding;
  const overFlow: Reach = { uri, flowToken };
  const alive = flowToken !== '' && isAlive(flowToken);
  // RFC 7118 §5: a browser has no address of its own, so its connection is the only way, as with any .invalid host.
  if (binding.transport.startsWith('WS') || contact.host.toLowerCase().endsWith('.invalid'))
    return alive ? overFlow : undefined;
  if (binding.transport !== 'UDP') return alive ? overFlow : { uri };
  // A phone behind a NAT writes an address that is not the one it sends from; the way back is the way it came.
  const literal = contact.host.replace(/^\[|\]$/g, '');
  return (isIP(literal) > 0 && literal === binding.sourceAddress) || !alive ? { uri } : overFlow;
}
