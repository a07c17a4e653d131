import { AsyncContext, IllegalStateError } from '@siplet/api';
import type {
  AsyncListener,
  EventStream,
  EventStreamOptions,
  HttpServletRequest,
  HttpServletResponse,
} from '@siplet/api';
import type { TimerHandle } from '@siplet/transport';
import { httpAsyncTimeout, httpCommitted, httpStopping } from '../errors.ts';
import { HttpEventStream } from './event-stream.ts';
import type { Exchange } from './exchange.ts';

const DEFAULT_TIMEOUT_MS = 30_000; // Servlet 3.0 §9.6
const DEFAULT_HEARTBEAT_MS = 15_000;
const RECONNECT_MS = 2_000;

/** The container's `AsyncContext`: keeps the response open until complete(), the timeout or the end of the connection. */
export class ContainerAsyncContext extends AsyncContext {
  readonly #exchange: Exchange;
  readonly #listeners: AsyncListener[] = [];
  #timeoutMs = DEFAULT_TIMEOUT_MS;
  #timer: TimerHandle | undefined;
  #stream: HttpEventStream | undefined;
  #done = false;

  constructor(exchange: Exchange) {
    super();
    this.#exchange = exchange;
  }

  /** Arms the timeout and watches the connection. @internal */
  start(): void {
    this.#exchange.unit.opened(this);
    const { raw } = this.#exchange.reply;
    raw.on('close', () => this.#connectionClosed());
    if (raw.destroyed) this.#connectionClosed();
    else this.#arm();
  }

  get isDone(): boolean {
    return this.#done;
  }

  override getRequest(): HttpServletRequest {
    return this.#exchange.request;
  }

  override getResponse(): HttpServletResponse {
    return this.#exchange.response;
  }

  override getTimeout(): number {
    return this.#timeoutMs;
  }

  override setTimeout(ms: number): void {
    this.#timeoutMs = ms;
    this.#arm();
  }

  override addListener(listener: AsyncListener): void {
    this.#listeners.push(listener);
  }

  override complete(): void {
    if (this.#done) return;
    this.#finish();
    if (this.#stream === undefined) this.#exchange.response.finish();
    else this.#stream.close();
    this.#tell('onComplete');
  }

  override getEventStream(options: EventStreamOptions = {}): EventStream {
    if (this.#stream !== undefined) return this.#stream;
    const { response, reply, fastifyRequest, unit } = this.#exchange;
    if (this.#done || response.isCommitted())
      throw new IllegalStateError(httpCommitted.code, httpCommitted.text('getEventStream()'));
    this.setTimeout(0);
    const lastEventId = fastifyRequest.headers['last-event-id'];
    const stream = new HttpEventStream(reply.raw, {
      clock: unit.clock,
      heartbeatMs: options.heartbeatMs ?? DEFAULT_HEARTBEAT_MS,
      lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
      ended: () => this.complete(),
    });
    this.#stream = stream;
    this.#writeHead();
    stream.start();
    if (fastifyRequest.method === 'HEAD') stream.close(); // its head was all that was asked for
    return stream;
  }

  /** The servlet threw after startAsync(). @internal */
  failed(error: unknown): void {
    if (this.#done) return;
    this.#tell('onError', error);
    this.complete();
  }

  /** Ends the exchange because the server stops. @internal */
  shutDown(): void {
    if (this.#stream === undefined && !this.#done) {
      this.#exchange.response.fail(httpStopping(), 503, httpStopping.text());
    }
    this.complete();
  }

  #writeHead(): void {
    const { response, reply } = this.#exchange;
    reply.header('content-type', 'text/event-stream; charset=utf-8');
    reply.header('cache-control', 'no-store');
    reply.header('x-accel-buffering', 'no'); // nginx would collect events otherwise
    this.#exchange.writeSessionCookie();
    response.commit();
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    reply.raw.writeHead(200);
    reply.raw.write(`retry: ${RECONNECT_MS}\n\n`);
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#done || this.#timeoutMs <= 0) return;
    this.#timer = this.#exchange.unit.clock.setTimer(this.#timeoutMs, () => this.#timedOut());
  }

  #timedOut(): void {
    this.#tell('onTimeout');
    if (this.#done) return;
    this.#exchange.response.fail(httpAsyncTimeout(), 503, httpAsyncTimeout.text());
    this.complete();
  }

  #connectionClosed(): void {
    if (this.#done) return;
    if (this.#stream === undefined) {
      this.#exchange.response.commit(); // nobody is left to answer
      this.#tell('onError', new Error('The client closed the connection.'));
    }
    this.complete();
  }

  #finish(): void {
    this.#done = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#exchange.unit.closed(this);
  }

  #tell(method: keyof AsyncListener, error?: unknown): void {
    for (const listener of this.#listeners) {
      try {
        listener[method]?.(error === undefined ? { context: this } : { context: this, error });
      } catch (cause) {
        this.#exchange.unit.logger.error({ err: cause }, `AsyncListener.${method} threw`);
      }
    }
  }
}
