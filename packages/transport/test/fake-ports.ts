import type {
  Clock,
  DatagramHandler,
  LocalAddress,
  MessageConnection,
  MessageHandler,
  Ports,
  StreamConnection,
  StreamHandler,
} from '../src/index.ts';

/** Virtual time: moves only when told. */
export class FakeClock implements Clock {
  #now = 1_000;
  #timers: { at: number; fire: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return 1_700_000_000_000 + this.#now;
  }

  setTimer(delayMs: number, fire: () => void): { cancel(): void } {
    const timer = { at: this.#now + delayMs, fire };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  get armed(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.fire();
    }
    this.#now = end;
  }
}

/** One end of a fake TCP connection, seen from the tested side; the test plays the peer. */
export class FakeStream implements StreamConnection {
  readonly written: string[] = [];
  closedByUs = false;
  handler: StreamHandler | undefined;
  localAddress = '';
  localPort = 0;
  readonly remoteAddress: string;
  readonly remotePort: number;

  constructor(remoteAddress: string, remotePort: number) {
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  setHandler(handler: StreamHandler): void {
    this.handler = handler;
  }

  write(bytes: Uint8Array): void {
    this.written.push(Buffer.from(bytes).toString('latin1'));
  }

  close(): void {
    this.closedByUs = true;
    this.handler?.closed();
  }

  say(text: string): void {
    this.handler?.data(Buffer.from(text, 'latin1'));
  }
}

/** A fake WebSocket; the test plays the client. */
export class FakeWebSocket implements MessageConnection {
  readonly remoteAddress = '192.0.2.77';
  readonly remotePort = 50_001;
  readonly secure = false;
  readonly sent: string[] = [];
  closedByUs = false;
  handler: MessageHandler | undefined;

  setHandler(handler: MessageHandler): void {
    this.handler = handler;
  }

  send(bytes: Uint8Array): void {
    this.sent.push(Buffer.from(bytes).toString('latin1'));
  }

  close(): void {
    this.closedByUs = true;
    this.handler?.closed();
  }
}

/** Everything outside, under the control of a test. */
export class FakePorts implements Ports {
  readonly clock = new FakeClock();
  readonly sent: { text: string; to: string; from: string }[] = [];
  readonly dialled: FakeStream[] = [];
  readonly datagramHandlers = new Map<string, DatagramHandler>();
  readonly accepts = new Map<string, (connection: StreamConnection) => void>();
  readonly names = new Map<string, string[]>();
  readonly open = new Set<string>();
  /** What the next datagrams fail with. */
  sendError: Error | undefined;
  addresses: LocalAddress[] = [
    { address: '127.0.0.1', prefixLength: 8, internal: true },
    { address: '::1', prefixLength: 128, internal: true },
    { address: '198.51.100.7', prefixLength: 24, internal: false },
    { address: '10.1.2.3', prefixLength: 16, internal: false },
    { address: 'fe80::1', prefixLength: 64, internal: false },
    { address: '2001:db8::7', prefixLength: 64, internal: false },
  ];
  #seed = 1;

  readonly random = {
    bytes: (length: number): Uint8Array => {
      const bytes = new Uint8Array(length);
      for (let index = 0; index < length; index++) {
        this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
        bytes[index] = this.#seed >>> 24;
      }
      return bytes;
    },
  };

  readonly datagram: Ports['datagram'] = {
    bind: async (address, port, handler) => {
      const key = `udp ${address} ${port}`;
      this.#claim(key);
      this.datagramHandlers.set(`${address} ${port}`, handler);
      return {
        address,
        port,
        send: (bytes, remoteAddress, remotePort, failed) => {
          if (this.sendError !== undefined) failed(this.sendError, bytes);
          else {
            const text = Buffer.from(bytes).toString('latin1');
            this.sent.push({ text, to: `${remoteAddress} ${remotePort}`, from: `${address} ${port}` });
          }
        },
        close: async () => void this.open.delete(key),
      };
    },
  };

  readonly stream: Ports['stream'] = {
    listen: async (address, port, accept) => {
      const key = `tcp ${address} ${port}`;
      this.#claim(key);
      this.accepts.set(`${address} ${port}`, accept);
      return { address, port, close: async () => void this.open.delete(key) };
    },
    connect: (address, port) => {
      const connection = new FakeStream(address, port);
      this.dialled.push(connection);
      return connection;
    },
  };

  async lookup(host: string): Promise<string[]> {
    const found = this.names.get(host);
    if (found === undefined) throw new Error(`ENOTFOUND ${host}`);
    return found;
  }

  localAddresses(): LocalAddress[] {
    return this.addresses;
  }

  /** A datagram arrives at a listener. */
  datagramFrom(listener: string, address: string, port: number, text: string): void {
    this.datagramHandlers.get(listener)?.message(Buffer.from(text, 'latin1'), address, port);
  }

  /** Somebody connects to a listener. */
  connectionFrom(listener: string, address: string, port: number): FakeStream {
    const connection = new FakeStream(address, port);
    connection.localAddress = listener.split(' ')[0] ?? '';
    this.accepts.get(listener)?.(connection);
    return connection;
  }

  #claim(key: string): void {
    if (this.open.has(key)) throw Object.assign(new Error('bind'), { code: 'EADDRINUSE' });
    this.open.add(key);
  }
}
