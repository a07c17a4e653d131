import type {
  Container,
  ContainerCounts,
  ContainerOptions,
  DeployOptions,
  HttpOptions,
  SipOptions,
} from '@siplet/container';
import type { MessageConnection } from '@siplet/transport';
import { Browser } from './browser.ts';
import type { HttpRequest, HttpResponse } from './browser.ts';
import type { Duration } from './duration.ts';
import { TestingError } from './errors.ts';
import { renderLadder } from './ladder.ts';
import type { LadderOptions } from './ladder.ts';
import { Phone } from './phone.ts';
import type { PhoneOptions } from './phone.ts';
import { seededRandom } from './seeded-random.ts';
import type { SeededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';
import { VirtualNetwork } from './virtual-network.ts';
import { virtualPorts } from './virtual-ports.ts';

/** A class decorated with @SipApplication. */
export type ApplicationClass = Parameters<Container['deploy']>[0];

/** An application to deploy, with options if it needs them. */
export type AppSpec = ApplicationClass | readonly [ApplicationClass, DeployOptions];

/** What a test container consists of. */
export interface TestContainerOptions {
  readonly apps: readonly AppSpec[];
  /** Text of a DAR file. */
  readonly dar?: string;
  /** Any number or text; the same seed gives the same run. */
  readonly seed?: number | string;
  /** Virtual listeners; UDP and TCP on port 5060 by default. */
  readonly listen?: SipOptions['listen'];
  /** Everything else about SIP. */
  readonly sip?: Omit<SipOptions, 'listen'>;
  /** Opens a real HTTP port on loopback; without it nothing real is opened and `inject` works all the same. */
  readonly http?: HttpOptions;
  /** Address of the container on the virtual network. */
  readonly address?: string;
  /** Its name in ladders. */
  readonly name?: string;
  /** Host name that resolves to the container. */
  readonly domain?: string;
  readonly router?: ContainerOptions['router'];
  readonly logger?: ContainerOptions['logger'];
  /** Wall time at virtual time 0, epoch milliseconds. */
  readonly epochMs?: number;
}

/** One line that the container logged. */
export interface LogLine {
  /** pino's number: 30 info, 40 warn, 50 error. */
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A container on a virtual network in virtual time, with phones and browsers around it. */
export class TestContainer implements AsyncDisposable {
  readonly container: Container;
  readonly clock: VirtualClock;
  readonly net: VirtualNetwork;
  readonly random: SeededRandom;
  /** The phones, in the order in which they were made. */
  readonly phones: Phone[] = [];
  /** What the container logged, unless a logger was given. */
  readonly log: readonly LogLine[];
  readonly address: string;
  readonly #pending = new Set<Promise<unknown>>();
  #stopped = false;

  /** @internal Use createTestContainer. */
  constructor(parts: TestContainerParts) {
    this.container = parts.container;
    this.clock = parts.clock;
    this.net = parts.net;
    this.random = parts.random;
    this.log = parts.log;
    this.address = parts.address;
  }

  /** Puts a phone on the network, at an address of its own. */
  phone(aor: string, options: PhoneOptions = {}): Phone {
    const address = options.address ?? `10.0.0.${11 + this.phones.length}`;
    const ws = options.transport === 'ws';
    const port = ws ? WEB_PORT : this.#port(options.transport === 'tcp' ? 'TCP' : 'UDP');
    const phone = new Phone(
      aor,
      {
        clock: this.clock,
        net: this.net,
        random: this.random,
        server: { address: this.address, port },
        openWebSocket: (from) => this.openWebSocket(from),
      },
      { ...options, address },
    );
    this.phones.push(phone);
    return phone;
  }

  /** A browser with an empty cookie jar. */
  browser(): Browser {
    return new Browser(async (request) => this.inject(request), this.clock);
  }

  /** Sends an HTTP request through the container; messages that it caused are on their way (see `settled`). */
  async inject(request: HttpRequest | string): Promise<HttpResponse> {
    const answer = this.container.inject(request);
    const tracked = answer.catch(() => undefined).finally(() => this.#pending.delete(tracked));
    this.#pending.add(tracked);
    const response = await this.clock.until(answer, { waitingFor: 'the HTTP answer' });
    await this.clock.settle();
    return response;
  }

  /** Opens a SIP WebSocket to the container. */
  openWebSocket(clientAddress: string): MessageConnection {
    const { client, server } = this.net.webSocket(clientAddress, { address: this.address, port: WEB_PORT });
    this.container.host.acceptWebSocket(server, { host: this.address, port: WEB_PORT, secure: false });
    return client;
  }

  /** Moves time on until nothing is on its way on the network and the container is idle. */
  async settled(): Promise<void> {
    await this.net.quiet();
  }

  /** The message flow as text. */
  ladder(options: LadderOptions = {}): string {
    return renderLadder(this.net, options);
  }

  /** What is left in the container now: `sipSessions: 2`, … */
  leaks(): string[] {
    const counts: ContainerCounts = this.container.counts();
    return LEAKS.filter((name) => counts[name] > 0).map((name) => `${name}: ${counts[name]}`);
  }

  /** What is pending over HTTP. @internal */
  async httpIdle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** Stops the container. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.clock.until(this.container.stop(), { waitingFor: 'the container to stop' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #port(protocol: 'UDP' | 'TCP'): number {
    const point = this.container.sipListeningPoints.find((one) => one.protocol === protocol);
    if (point !== undefined) return point.port;
    throw new TestingError('TST_ERR_OPTION', `the container does not listen on ${protocol}`);
  }
}

/** Starts a container in virtual time on a virtual network; use it with `await using`. */
export async function createTestContainer(options: TestContainerOptions): Promise<TestContainer> {
  const address = options.address ?? '10.0.0.1';
  const random = seededRandom(options.seed ?? 1);
  const clock = new VirtualClock(options.epochMs === undefined ? {} : { epochMs: options.epochMs });
  const net = new VirtualNetwork({ clock, random: random.fork('network') });
  net.label(address, options.name ?? 'siplet');
  net.addName(options.domain ?? 'example.com', address);
  const ports = virtualPorts({ clock, net, seed: random.seed, address });
  const log: LogLine[] = [];
  const destination = { write: (line: string) => log.push(JSON.parse(line) as LogLine) };
  const router = options.router ?? (options.dar === undefined ? undefined : { darText: options.dar });
  // Loaded when needed, so that the clock, the network and the phones work without a container.
  const { createContainer } = await import('@siplet/container');
  const container = await createContainer({
    sip: { listen: options.listen ?? [`udp://${address}:5060`, `tcp://${address}:5060`], ...options.sip },
    ...(options.http === undefined ? {} : { http: { port: 0, ...options.http } }),
    ...(router === undefined ? {} : { router }),
    ports,
    logger: options.logger ?? { level: 'info', destination, pretty: false },
  });
  for (const app of options.apps) {
    if (isPair(app)) await container.deploy(app[0], app[1]);
    else await container.deploy(app);
  }
  const t = new TestContainer({ container, clock, net, random, log, address });
  await clock.until(container.start(), { waitingFor: 'the container to start' });
  const point = { address, port: WEB_PORT, advertisedHost: address, advertisedPort: WEB_PORT };
  container.host.addWebSocketPoint({ protocol: 'WS', ...point });
  clock.addIdleProbe(async () => container.whenIdle());
  clock.addIdleProbe(async () => t.httpIdle());
  return t;
}

/**
 * Lets transactions end (40 s of virtual time by default) and fails when anything is left.
 * @throws {TestingError} TST_ERR_LEAK
 */
export async function expectNoLeaks(t: TestContainer, options: { after?: Duration } = {}): Promise<void> {
  await t.clock.advance(options.after ?? '40s');
  const leaks = t.leaks();
  if (leaks.length > 0) throw new TestingError('TST_ERR_LEAK', leaks.join(', '));
}

interface TestContainerParts {
  readonly container: Container;
  readonly clock: VirtualClock;
  readonly net: VirtualNetwork;
  readonly random: SeededRandom;
  readonly log: readonly LogLine[];
  readonly address: string;
}

const WEB_PORT = 8080;
const LEAKS = [
  'applicationSessions',
  'sipSessions',
  'transactions',
  'mailboxes',
  'timers',
] as const satisfies readonly (keyof ContainerCounts)[];

function isPair(app: AppSpec): app is readonly [ApplicationClass, DeployOptions] {
  return Array.isArray(app);
}
