import { randomFillSync } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { LocalAddress, Ports, RandomSource } from '../ports.ts';
import { NodeClock } from './clock.ts';
import { nodeDatagram } from './datagram.ts';
import { nodeStream } from './stream.ts';

/** The ports over Node: real sockets, the real clock, strong random bytes. */
export function nodePorts(): Ports {
  return {
    clock: new NodeClock(),
    random: pooledRandom(),
    datagram: nodeDatagram,
    stream: nodeStream,
    lookup: async (host) => {
      const found = await lookup(host, { all: true, order: 'ipv4first' });
      return found.map((entry) => entry.address);
    },
    localAddresses,
  };
}

/** Strong random bytes, fetched from the system a page at a time; no byte is given out twice. */
function pooledRandom(): RandomSource {
  let pool = new Uint8Array(0);
  return {
    bytes(length) {
      if (length > POOL_BYTES / 4) return randomFillSync(new Uint8Array(length));
      if (pool.length < length) pool = randomFillSync(new Uint8Array(POOL_BYTES));
      const taken = pool.subarray(0, length);
      pool = pool.subarray(length);
      return taken;
    },
  };
}

const POOL_BYTES = 4_096;

function localAddresses(): LocalAddress[] {
  return Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map(({ address, cidr, internal }) => ({
      address,
      prefixLength: Number(cidr?.split('/')[1] ?? (address.includes(':') ? 128 : 32)),
      internal,
    })),
  );
}
