import { isIP } from 'node:net';
import { TransportError } from './errors.ts';
import type { Clock, LocalAddress } from './ports.ts';

/** A place on the wire: host (IPv6 in brackets) and port. */
export interface HostPort {
  readonly host: string;
  readonly port: number | undefined;
}

/** A listen address after parsing. */
export interface ListenTarget {
  readonly protocol: 'UDP' | 'TCP';
  readonly address: string;
  readonly port: number;
}

/** The form of an address inside a URI: IPv6 in brackets and without its zone. */
export function bracket(address: string): string {
  if (!address.includes(':')) return address;
  const zone = address.indexOf('%');
  return `[${zone < 0 ? address : address.slice(0, zone)}]`;
}

/** The literal address in a URI host, in canonical form, or undefined for a name. */
export function literalAddress(host: string): string | undefined {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  switch (isIP(bare)) {
    case 4:
      return bare;
    case 6:
      return canonicalIpv6(bare);
    default:
      return undefined;
  }
}

/** An address as the sockets report it: IPv4 mapped into IPv6 becomes IPv4 again. */
export function plainAddress(address: string): string {
  return address.startsWith(MAPPED) && address.includes('.') ? address.slice(MAPPED.length) : address;
}

/** True for `0.0.0.0` and `::`, which may never go on the wire. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** True for 127.0.0.0/8 and `::1`. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** True when both are IPv4, or both IPv6. */
export function sameFamily(a: string, b: string): boolean {
  return a.includes(':') === b.includes(':');
}

/** Reads `udp://127.0.0.1:5060`. @throws {TransportError} TPT_ERR_LISTEN_URI */
export function parseListenUri(uri: string): ListenTarget {
  const match = /^(udp|tcp):\/\/(\[[^\]]+\]|[^:/[\]]+)(?::(\d{1,5}))?\/?$/i.exec(uri);
  const host = match?.[2] ?? '';
  const address = host.toLowerCase() === 'localhost' ? '127.0.0.1' : literalAddress(host);
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (!match || address === undefined || port > 65_535) throw new TransportError('TPT_ERR_LISTEN_URI', [uri]);
  return { protocol: match[1]?.toLowerCase() === 'tcp' ? 'TCP' : 'UDP', address, port };
}

/** Reads an advertised `host[:port]`. @throws {TransportError} TPT_ERR_ADVERTISE */
export function parseAdvertised(text: string, listener: string): HostPort {
  const bare = literalAddress(text);
  if (bare !== undefined && !isWildcard(bare)) return { host: bracket(bare), port: undefined };
  const match = /^(\[[^\]]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9.])?)(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? '';
  const address = literalAddress(host);
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  const bad =
    !match ||
    (address === undefined ? host.startsWith('[') || /^[\d.]+$/.test(host) : isWildcard(address)) ||
    (port !== undefined && (port < 1 || port > 65_535));
  if (bad) throw new TransportError('TPT_ERR_ADVERTISE', [text, listener]);
  return { host: address === undefined ? host.toLowerCase() : bracket(address), port };
}

/** Knows the addresses of this machine and which of them a destination sees. */
export class LocalAddresses {
  readonly #read: () => readonly LocalAddress[];
  readonly #clock: Clock;
  #known: readonly LocalAddress[] = [];
  #readAt = -Infinity;

  constructor(read: (() => readonly LocalAddress[]) | undefined, clock: Clock) {
    this.#read = read ?? (() => LOOPBACK_ONLY);
    this.#clock = clock;
  }

  /** True when the literal address belongs to this machine. */
  has(address: string): boolean {
    return isLoopback(address) || this.#current().some((local) => local.address === address);
  }

  /** The own address that a destination sees: loopback for loopback, else the one in its network, else the first global one. */
  towards(destination: string): string {
    const loopback = destination.includes(':') ? '::1' : '127.0.0.1';
    if (isLoopback(destination)) return loopback;
    const candidates = this.#current().filter((local) => !local.internal && sameFamily(local.address, destination));
    const near = candidates.find((local) => samePrefix(local, destination));
    const wide = candidates.find((local) => !isLinkLocal(local.address));
    return (near ?? wide ?? candidates[0])?.address ?? loopback;
  }

  /** The own address that most peers can use. */
  outward(family: string): string {
    return this.towards(family.includes(':') ? '2001:4860::' : '192.0.2.1');
  }

  #current(): readonly LocalAddress[] {
    const now = this.#clock.now();
    if (now - this.#readAt >= REREAD_MS) {
      this.#readAt = now;
      this.#known = this.#read();
    }
    return this.#known;
  }
}

function canonicalIpv6(address: string): string {
  const zone = address.indexOf('%');
  const bare = zone < 0 ? address : address.slice(0, zone);
  return new URL(`http://[${bare}]`).hostname.slice(1, -1) + (zone < 0 ? '' : address.slice(zone));
}

function samePrefix(local: LocalAddress, destination: string): boolean {
  const shift = BigInt((destination.includes(':') ? 128 : 32) - local.prefixLength);
  return addressBits(local.address) >> shift === addressBits(destination) >> shift;
}

function addressBits(address: string): bigint {
  if (!address.includes(':')) {
    return address.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
  }
  const [left = '', right] = canonicalIpv6(address).replace(/%.*$/, '').split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address);
}

/** The port of sip: URIs that name none (RFC 3261 §19.1.2). */
export const DEFAULT_PORT = 5060;
/** The port of sips: URIs that name none (RFC 3261 §19.1.2). */
export const DEFAULT_SECURE_PORT = 5061;
const MAPPED = '::ffff:';
const REREAD_MS = 10_000;
const LOOPBACK_ONLY: readonly LocalAddress[] = [
  { address: '127.0.0.1', prefixLength: 8, internal: true },
  { address: '::1', prefixLength: 128, internal: true },
];
