import { SipError, VIA } from '../errors.ts';
import { decimal, requireSafe, requireToken, Scanner, TOKEN } from '../grammar/scanner.ts';
import { Parameters } from './parameters.ts';

/** A Via value (RFC 3261 §20.42, RFC 3581). */
export class Via {
  /** `UDP`, `TCP`, `TLS`, `WS`, `WSS` … in capitals. */
  protocol: string;
  host: string;
  port: number | undefined;
  readonly params: Parameters;

  constructor(protocol: string, host: string, port: number | undefined, params: Parameters = new Parameters()) {
    this.protocol = protocol;
    this.host = host;
    this.port = port;
    this.params = params;
  }

  get branch(): string | undefined {
    const branch = this.params.get('branch');
    return branch === '' ? undefined : branch;
  }

  get received(): string | undefined {
    return this.params.get('received');
  }

  /** The port of a filled-in `rport`; undefined for the empty flag (`params.has('rport')`). */
  get rport(): number | undefined {
    const text = this.params.get('rport');
    if (text === undefined) return undefined;
    const port = decimal(text, 0, text.length, 65_535);
    return port > 0 ? port : undefined;
  }

  clone(): Via {
    return new Via(this.protocol, this.host, this.port, this.params.clone());
  }

  /** The value as it goes on the wire. @throws SIP_ERR_HEADER_INJECTION, SIP_ERR_HEADER_NAME */
  toString(): string {
    requireToken(this.protocol);
    requireSafe(this.host);
    const port = this.port === undefined ? '' : `:${this.port}`;
    return `SIP/2.0/${this.protocol} ${this.host}${port}${this.params.toString()}`;
  }
}

/** Reads one Via value. @throws SIP_ERR_VIA, SIP_ERR_PARAMETER */
export function parseVia(text: string): Via {
  const scanner = new Scanner(text);
  if (text.startsWith('SIP/2.0/')) scanner.pos = 8;
  else sentProtocol(scanner);
  scanner.skipBlanks();
  const protocol = internProtocol(scanner.run(TOKEN));
  const blank = scanner.pos;
  scanner.skipBlanks();
  const host = scanner.host();
  if (protocol === '' || host === undefined || blank === scanner.pos) throw new SipError(VIA);
  scanner.skipBlanks();
  let port: number | undefined;
  if (scanner.eat(58)) {
    scanner.skipBlanks();
    port = scanner.port();
    if (port < 0) throw new SipError(VIA, 'bad port');
  }
  const via = new Via(protocol, host, port);
  scanner.headerParameters(via.params);
  return via;
}

// RFC 3261 §20.42: `SIP / 2.0 / UDP` in any case, blanks allowed around the slashes.
function sentProtocol(scanner: Scanner): void {
  scanner.skipBlanks();
  const name = scanner.run(TOKEN);
  scanner.skipBlanks();
  const first = scanner.eat(47);
  scanner.skipBlanks();
  const version = scanner.run(TOKEN);
  scanner.skipBlanks();
  if (!first || !scanner.eat(47) || name.toUpperCase() !== 'SIP' || version !== '2.0') throw new SipError(VIA);
}

const PROTOCOLS: ReadonlyMap<string, string> = new Map(['UDP', 'TCP', 'TLS', 'WS', 'WSS'].map((name) => [name, name]));

function internProtocol(text: string): string {
  return PROTOCOLS.get(text) ?? text.toUpperCase();
}
