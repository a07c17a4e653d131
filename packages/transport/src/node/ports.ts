import { randomFillSync } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { LocalAddress, Ports } from '../ports.ts';
import { NodeClock } from './clock.ts';
import { nodeDatagram } from './datagram.ts';
import { nodeStream } from './stream.ts';

/** The ports over Node: real sockets, the real clock, strong random bytes. */
export function nodePorts(): Ports {
  return {
    clock: new NodeClock(),
    random: { bytes: (length) => randomFillSync(new Uint8Array(length)) },
    datagram: nodeDatagram,
    stream: nodeStream,
    lookup: async (host) => {
      const found = await lookup(host, { all: true, order: 'ipv4first' });
      return found.map((entry) => entry.address);
    },
    localAddresses,
  };
}

function localAddresses(): LocalAddress[] {
  return Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map(({ address, cidr, internal }) => ({
      address,
      prefixLength: Number(cidr?.split('/')[1] ?? (address.includes(':') ? 128 : 32)),
      internal,
    })),
  );
}
