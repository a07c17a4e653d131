import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, until, wallNow } from './child.ts';

const here = dirname(fileURLToPath(import.meta.url));
const DEFAULT_BIN = join(here, '../../examples/click-to-dial/bin/click-to-dial.js');
const PROBE = join(here, 'probe.mjs');

/** What the API says of one call. */
export interface CallView {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly state: string;
  readonly reason?: string | null;
  readonly [extra: string]: unknown;
}

/** One server-sent event and when its last byte arrived here. */
export interface PushedEvent {
  readonly at: number;
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** What the probe inside the process counts after a forced collection, in bytes and objects. */
export interface Vitals {
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
  /** Live objects by class name, for the classes that hold calls. */
  readonly live: Readonly<Record<string, number>>;
  /** Sums of what each live SipEngine says of itself: transactions and timers. */
  readonly engine: Readonly<Record<string, number>>;
}

export interface AppOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Loads the probe: forced collections and object counts (default true). */
  readonly probe?: boolean;
  readonly data?: string;
}

const DONE = new Set(['ended', 'failed']);

// Below the range from which the system gives ports to outgoing connections, so that none of those takes it first.
const FIRST_PORT = 11_000;
const PORTS = 9_000;

/** A port that is free for UDP and TCP on loopback: programs that are told their port need to know it beforehand. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if ((await isFreeForTcp(port)) && (await isFreeForUdp(port))) return port;
  }
  throw new Error('No port is free for UDP and TCP at once');
}

function isFreeForTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Whether nobody on loopback has that UDP port. */
export function isFreeForUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}

/** A person logged in over HTTP: a cookie and the requests of the page. */
export class Person {
  readonly name: string;
  readonly #app: App;
  #cookie = '';

  constructor(app: App, name: string) {
    this.#app = app;
    this.name = name;
  }

  get password(): string {
    return this.name;
  }

  async enter(path: '/login' | '/signup', body: Record<string, string>): Promise<void> {
    const response = await this.request('POST', path, body);
    if (response.status >= 400) throw new Error(`${path} for ${this.name}: ${response.status} ${response.text}`);
    this.#cookie = response.cookie ?? this.#cookie;
    if (this.#cookie === '') throw new Error(`${path} gave ${this.name} no cookie`);
  }

  get cookie(): string {
    return this.#cookie;
  }

  async request(
    method: string,
    path: string,
    body?: Record<string, string>,
  ): Promise<{ status: number; text: string; cookie: string | undefined; json: unknown }> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (this.#cookie !== '') headers['cookie'] = this.#cookie;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(`${this.#app.http}${path}`, {
      method,
      headers,
      redirect: 'manual',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const cookie = response.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: response.status, text, json, cookie: cookie === '' ? undefined : cookie };
  }

  /** POST /calls; throws when the answer is not 202. */
  async call(to: string): Promise<CallView> {
    const response = await this.request('POST', '/calls', { to });
    if (response.status !== 202) throw new Error(`POST /calls to ${to}: ${response.status} ${response.text}`);
    return response.json as CallView;
  }

  async callView(id: string): Promise<CallView> {
    const response = await this.request('GET', `/calls/${id}`);
    if (response.status !== 200) throw new Error(`GET /calls/${id}: ${response.status} ${response.text}`);
    return response.json as CallView;
  }

  async calls(): Promise<readonly CallView[]> {
    return (await this.request('GET', '/calls')).json as readonly CallView[];
  }

  /** DELETE /calls/:id, and the status of the answer. */
  async hangUp(id: string): Promise<number> {
    return (await this.request('DELETE', `/calls/${id}`)).status;
  }

  async isRegistered(name: string): Promise<boolean> {
    const people = (await this.request('GET', '/people')).json as readonly { name: string; registered: boolean }[];
    return people.some((person) => person.name === name && person.registered);
  }

  /** Waits until the call is in the state, or over. */
  waitForState(id: string, state: string, timeoutMs = 15_000): Promise<CallView> {
    let last: CallView | undefined;
    return until(
      `call ${id} to be ${state}`,
      async () => {
        last = await this.callView(id);
        if (last.state === state) return last;
        if (DONE.has(last.state))
          throw new Error(`Call ${id} should have become ${state} and is ${JSON.stringify(last)}`);
        return undefined;
      },
      timeoutMs,
    );
  }

  /** Waits until the call is ended or failed. */
  waitForEnd(id: string, timeoutMs = 15_000): Promise<CallView> {
    return until(
      `the end of call ${id}`,
      async () => {
        const view = await this.callView(id);
        return DONE.has(view.state) ? view : undefined;
      },
      timeoutMs,
      50,
    );
  }

  events(): Promise<EventReader> {
    return EventReader.open(`${this.#app.http}/events`, this.#cookie);
  }
}

/** Reads server-sent events and notes when each came. */
export class EventReader {
  readonly events: PushedEvent[] = [];
  readonly #watchers = new Set<(event: PushedEvent) => void>();
  readonly #stop = new AbortController();
  #finished: Promise<void> = Promise.resolve();

  static async open(url: string, cookie: string): Promise<EventReader> {
    const reader = new EventReader();
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream', cookie },
      signal: reader.#stop.signal,
    });
    if (response.status !== 200 || response.body === null) throw new Error(`GET ${url}: ${response.status}`);
    reader.#finished = reader.#read(response.body).catch(() => undefined);
    return reader;
  }

  /** Waits for an event that the test accepts. */
  waitFor(what: string, accept: (event: PushedEvent) => boolean, timeoutMs = 10_000): Promise<PushedEvent> {
    return until(`an event: ${what}`, () => this.events.find(accept), timeoutMs, 5);
  }

  /** The call as it was when its end was pushed; undefined when that does not happen in time. */
  ended(id: string, timeoutMs: number): Promise<CallView | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => finish(undefined), timeoutMs);
      const finish = (view: CallView | undefined): void => {
        clearTimeout(timer);
        this.#watchers.delete(watch);
        resolve(view);
      };
      const watch = (event: PushedEvent): void => {
        const view = event.data as CallView | undefined;
        if (event.event === 'call' && view?.id === id && DONE.has(view.state)) finish(view);
      };
      this.#watchers.add(watch);
      for (const event of this.events) watch(event);
    });
  }

  /** The states of one call in the order they were pushed, each once. */
  statesOf(id: string): readonly { state: string; at: number; view: CallView }[] {
    const states: { state: string; at: number; view: CallView }[] = [];
    for (const event of this.events) {
      const view = event.data as CallView | undefined;
      if (event.event !== 'call' || view?.id !== id || states.at(-1)?.state === view.state) continue;
      states.push({ state: view.state, at: event.at, view });
    }
    return states;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#finished;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of body) {
      const at = wallNow();
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) this.#take(block, at);
    }
  }

  #take(block: string, at: number): void {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':');
      if (colon <= 0) continue;
      const name = line.slice(0, colon);
      const value = line.slice(colon + 1).replace(/^ /, '');
      fields.set(name, fields.has(name) ? `${fields.get(name)}\n${value}` : value);
    }
    const data = fields.get('data');
    if (data === undefined) return;
    const event = {
      at,
      event: fields.get('event') ?? 'message',
      id: fields.get('id'),
      data: JSON.parse(data) as unknown,
    };
    this.events.push(event);
    for (const watcher of this.#watchers) watcher(event);
  }
}

/** The click-to-dial application as users start it: its own process, loopback, free ports, an empty data folder. */
export class App implements AsyncDisposable {
  readonly child: Child;
  readonly http: string;
  readonly httpPort: number;
  readonly sipPort: number;
  readonly data: string;
  readonly #ownsData: boolean;

  private constructor(child: Child, httpPort: number, sipPort: number, data: string, ownsData: boolean) {
    this.child = child;
    this.httpPort = httpPort;
    this.http = `http://127.0.0.1:${httpPort}`;
    this.sipPort = sipPort;
    this.data = data;
    this.#ownsData = ownsData;
  }

  static readonly domain = 'example.com';

  static async start(options: AppOptions = {}): Promise<App> {
    const data = options.data ?? (await mkdtemp(join(tmpdir(), 'siplet-app-')));
    const httpPort = await freePort();
    const sipPort = await freePort();
    const args = ['--http', String(httpPort), '--sip', String(sipPort), '--host', '127.0.0.1', '--data', data];
    const child = App.spawn([...args, ...(options.args ?? [])], options);
    const app = new App(child, httpPort, sipPort, data, options.data === undefined);
    try {
      await until(
        () => `the application to answer; it printed:\n${child.text}`,
        async () => {
          if (child.exitCode !== undefined) throw new Error(`The application ended at once:\n${child.text}`);
          const response = await fetch(`${app.http}/`).catch(() => undefined);
          await response?.body?.cancel();
          return response !== undefined;
        },
        20_000,
      );
    } catch (error) {
      await app.stop();
      throw error;
    }
    return app;
  }

  /** Starts the program with nothing but these arguments. */
  static spawn(args: readonly string[], options: Pick<AppOptions, 'env' | 'probe'> = {}): Child {
    const env: Record<string, string> = {};
    for (const [name, value] of Object.entries(process.env)) {
      const own = /^(SIPLET_|DATABASE_URL$|PORT$|NODE_OPTIONS$|NODE_ENV$|JEST_)/.test(name);
      if (!own && value !== undefined) env[name] = value;
    }
    const bin = process.env['SIPLET_E2E_APP'] ?? DEFAULT_BIN;
    const probe = options.probe === false ? [] : ['--expose-gc', '--import', PROBE];
    return new Child('click-to-dial', process.execPath, [...probe, bin, ...args], {
      env: { ...env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    });
  }

  async logIn(name: string): Promise<Person> {
    const person = new Person(this, name);
    await person.enter('/login', { name, password: name });
    return person;
  }

  async signUp(name: string): Promise<Person> {
    const person = new Person(this, name);
    await person.enter('/signup', { name, displayName: name, password: name });
    if (person.cookie === '') await person.enter('/login', { name, password: name });
    return person;
  }

  /** Counts memory and live objects inside the process after a forced collection. */
  vitals(timeoutMs = 20_000): Promise<Vitals> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.child.process.off('message', onMessage);
        reject(new Error(`No answer from the probe in ${timeoutMs} ms; the application printed:\n${this.child.text}`));
      }, timeoutMs);
      const onMessage = (message: unknown): void => {
        clearTimeout(timer);
        resolve(message as Vitals);
      };
      this.child.process.once('message', onMessage);
      this.child.process.send?.('vitals');
    });
  }

  /** Everything the process printed at level error or worse, JSON log or not. */
  get errors(): readonly string[] {
    return this.child.lines
      .map((line) => line.text)
      .filter((text) => /"level":(50|60)\b|"level":"(error|fatal)"|^\s*(ERROR|FATAL)\b|Unhandled|uncaught/i.test(text));
  }

  async stop(): Promise<void> {
    await this.child.stop('SIGTERM', 10_000);
    if (this.#ownsData) await rm(this.data, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
