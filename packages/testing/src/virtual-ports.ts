import type { Ports } from '@siplet/transport';
import { seededRandom } from './seeded-random.ts';
import type { SeededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';
import { VirtualNetwork } from './virtual-network.ts';

/** What ports are made of; what is left out is made anew. */
export interface VirtualPortsOptions {
  readonly clock?: VirtualClock;
  readonly net?: VirtualNetwork;
  readonly seed?: number | string;
  /** Address of this machine on the network. */
  readonly address?: string;
}

/** Ports of one machine on a virtual network, with what they are made of. */
export interface VirtualPorts extends Ports {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly net: VirtualNetwork;
}

/** Makes the ports of one machine: virtual time, a virtual network, repeatable randomness. */
export function virtualPorts(options: VirtualPortsOptions = {}): VirtualPorts {
  const random = seededRandom(options.seed ?? 1);
  const clock = options.clock ?? new VirtualClock();
  const net = options.net ?? new VirtualNetwork({ clock, random: random.fork('network') });
  const host = net.host(options.address ?? net.address);
  return {
    clock,
    net,
    random: random.fork(`host ${host.address}`),
    datagram: host,
    stream: host,
    lookup: async (name) => net.lookup(name),
    localAddresses: () => [{ address: host.address, prefixLength: 24, internal: host.address.startsWith('127.') }],
  };
}
