import type { Ports } from './ports.ts';

/** The ports over Node: real sockets, the real clock, strong random bytes. */
export function nodePorts(): Ports {
  throw new Error('not yet');
}
