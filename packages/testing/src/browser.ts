import type { Container } from '@siplet/container';
import type { Duration } from './duration.ts';
import { toMs } from './duration.ts';
import { TestingError } from './errors.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** The answer to an injected HTTP request. */
export type HttpResponse = Awaited<ReturnType<Container['inject']>>;
/** An HTTP request to inject. */
export type HttpRequest = Exclude<Parameters<Container['inject']>[0], string>;

/** Injects an HTTP request into the container. */
export type Inject = (request: HttpRequest | string) => Promise<HttpResponse>;

/** What a browser's request carries. */
export interface BrowserRequest {
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent like a form. */
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ask for JSON instead of a page; true by default when `json` is given. */
  readonly acceptJson?: boolean;
}

/** One event of an event stream. */
export interface ReceivedEvent {
  readonly at: number;
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
  /** The data read as JSON. */
  json(): unknown;
}

/** A browser without a screen: keeps cookies and sends the headers that same-origin pages send. */
export class Browser {
  readonly #inject: Inject;
  readonly #clock: VirtualClock;
  readonly #cookies = new Map<string, string>();
  readonly #host: string;

  constructor(inject: Inject, clock: VirtualClock, host = 'siplet.test') {
    this.#inject = inject;
    this.#clock = clock;
    this.#host = host;
  }

  /** The cookies it holds. */
  get cookies(): ReadonlyMap<string, string> {
    return this.#cookies;
  }

  /** GETs a page, or JSON with `acceptJson`. */
  async get(url: string, options: BrowserRequest = {}): Promise<HttpResponse> {
    return this.request('GET', url, options);
  }

  /** POSTs a form or JSON. */
  async post(url: string, options: BrowserRequest = {}): Promise<HttpResponse> {
    return this.request('POST', url, options);
  }

  /** PUTs a form or JSON. */
  async put(url: string, options: BrowserRequest = {}): Promise<HttpResponse> {
    return this.request('PUT', url, options);
  }

  /** DELETEs. */
  async delete(url: string, options: BrowserRequest = {}): Promise<HttpResponse> {
    return this.request('DELETE', url, options);
  }

  /** Posts `name` and `password` as a form; the cookies of the answer make this browser that user. */
  async login(name: string, password: string = name, url = '/login'): Promise<HttpResponse> {
    return this.post(url, { form: { name, password } });
  }

  /** Sends any request. */
  async request(method: string, url: string, options: BrowserRequest = {}): Promise<HttpResponse> {
    const { body, type } = encode(options);
    const wantsJson = options.acceptJson ?? options.json !== undefined;
    // A page navigates by GET and posts forms; everything else is fetch(), which takes anything.
    const page = method === 'GET' || method === 'POST' ? 'text/html,application/xhtml+xml,*/*;q=0.8' : '*/*';
    const response = await this.#inject({
      method: method as 'GET',
      url,
      headers: {
        ...this.#headers(method),
        accept: wantsJson ? 'application/json' : page,
        ...(type === undefined ? {} : { 'content-type': type }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { payload: body }),
    });
    this.#keep(response);
    return response;
  }

  /** Opens an event stream. */
  async events(url: string, options: { lastEventId?: string } = {}): Promise<EventReader> {
    const { lastEventId } = options;
    const response = await this.#inject({
      method: 'GET',
      url,
      headers: {
        ...this.#headers('GET'),
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
      payloadAsStream: true,
    });
    this.#keep(response);
    return new EventReader(response, this.#clock);
  }

  #headers(method: string): Record<string, string> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return {
      host: this.#host,
      'sec-fetch-site': 'same-origin',
      ...(method === 'GET' || method === 'HEAD' ? {} : { origin: `http://${this.#host}` }),
      ...(cookie === '' ? {} : { cookie }),
    };
  }

  #keep(response: HttpResponse): void {
    for (const line of [response.headers['set-cookie'] ?? []].flat()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const equals = pair.indexOf('=');
      const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
      const gone = attributes.some(
        (text) => /^max-age=(0|-\d+)$/i.test(text) || /^expires=Thu, 01 Jan 1970/i.test(text),
      );
      if (gone || value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}

/** Reads server-sent events as they come. */
export class EventReader {
  /** The answer that opened the stream. */
  readonly response: HttpResponse;
  /** Everything received so far. */
  readonly received: ReceivedEvent[] = [];
  readonly #clock: VirtualClock;
  #text = '';
  #taken = 0;
  #closed = false;

  constructor(response: HttpResponse, clock: VirtualClock) {
    this.response = response;
    this.#clock = clock;
    const stream = response.stream();
    stream.on('data', (chunk: Uint8Array) => this.#feed(Buffer.from(chunk).toString('utf8')));
    stream.on('close', () => (this.#closed = true));
    stream.on('end', () => (this.#closed = true));
    stream.on('error', () => (this.#closed = true));
  }

  /** True when the server, or `close`, ended the stream. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Waits for the next event, of a kind if one is given, and moves virtual time on until it comes. */
  async next(kind?: string, limit: Duration = '1m'): Promise<ReceivedEvent> {
    const found = (): number =>
      this.received.findIndex((one, index) => index >= this.#taken && (kind === undefined || one.event === kind));
    const limitAt = this.#clock.now() + toMs(limit);
    await this.#clock.stepWhile(() => found() < 0 && !this.#closed && this.#clock.nextDeadline() <= limitAt);
    const index = found();
    const event = this.received[index];
    if (event === undefined) throw new TestingError('TST_ERR_STALLED', `no ${kind ?? ''} event came`);
    this.#taken = index + 1;
    return event;
  }

  /** Closes the stream as a browser tab does. */
  close(): void {
    this.#closed = true;
    this.response.raw.res.destroy();
  }

  #feed(chunk: string): void {
    this.#text += chunk;
    const blocks = this.#text.split('\n\n');
    this.#text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map<string, string[]>();
      for (const line of block.split('\n')) {
        const [name, value] = split(line);
        if (name !== '') fields.set(name, [...(fields.get(name) ?? []), value]);
      }
      const data = fields.get('data')?.join('\n');
      if (data === undefined) continue;
      const event = fields.get('event')?.at(-1) ?? 'message';
      const id = fields.get('id')?.at(-1);
      this.received.push({ at: this.#clock.now(), event, id, data, json: () => JSON.parse(data) as unknown });
    }
  }
}

function split(line: string): [string, string] {
  const colon = line.indexOf(':');
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}

function encode(options: BrowserRequest): { body: string | undefined; type: string | undefined } {
  if (options.json !== undefined) return { body: JSON.stringify(options.json), type: 'application/json' };
  if (options.form === undefined) return { body: undefined, type: undefined };
  return { body: new URLSearchParams(options.form).toString(), type: 'application/x-www-form-urlencoded' };
}
