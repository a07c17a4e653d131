// Server-sent events (WHATWG HTML §9.2) on one answered request. Nothing is buffered beyond a limit: a client that
// does not read is cut off; its browser connects again, with Last-Event-ID, and gets a fresh snapshot.
import type { ServerResponse } from 'node:http';
import { EventStream } from '@siplet/api';
import type { ServerEvent } from '@siplet/api';
import type { Clock, TimerHandle } from '@siplet/transport';

/** What an event stream needs beside its response. */
export interface EventStreamSettings {
  readonly clock: Clock;
  /** A comment line this often keeps proxies from closing the stream. Milliseconds. */
  readonly heartbeatMs: number;
  readonly lastEventId: string | undefined;
  /** Called once when the stream ends, by whichever side. */
  readonly ended: () => void;
}

/** Bytes that may wait for a slow client before events are dropped. */
export const MAX_WAITING_BYTES = 65_536;

/** The container's `EventStream`. */
export class HttpEventStream extends EventStream {
  readonly #raw: ServerResponse;
  readonly #settings: EventStreamSettings;
  readonly #closers: (() => void)[] = [];
  #timer: TimerHandle | undefined;
  #open = true;
  #stalledSince: number | undefined;

  constructor(raw: ServerResponse, settings: EventStreamSettings) {
    super();
    this.#raw = raw;
    this.#settings = settings;
  }

  /** Begins the heartbeat and listens to the connection; called once, after the head was written. */
  start(): void {
    this.#raw.on('close', () => this.#end());
    this.#raw.on('error', () => this.#end());
    if (this.#raw.destroyed) {
      this.#end(); // the browser went while the servlet worked
      return;
    }
    this.#beatLater();
  }

  override send(event: ServerEvent): boolean {
    if (!this.#open) return false;
    if (this.#raw.writableLength > MAX_WAITING_BYTES) {
      this.#abort();
      return false;
    }
    this.#raw.write(formatEvent(event));
    return true;
  }

  override isOpen(): boolean {
    return this.#open;
  }

  override getLastEventId(): string | undefined {
    return this.#settings.lastEventId;
  }

  override close(): void {
    if (!this.#open) return;
    this.#end();
    this.#raw.end();
  }

  override onClose(listener: () => void): void {
    if (this.#open) this.#closers.push(listener);
    else listener();
  }

  #beatLater(): void {
    this.#timer = this.#settings.clock.setTimer(this.#settings.heartbeatMs, () => this.#beat());
  }

  #beat(): void {
    if (!this.#open) return;
    const { clock, heartbeatMs } = this.#settings;
    if (this.#raw.writableLength === 0) this.#stalledSince = undefined;
    else this.#stalledSince ??= clock.now();
    if (this.#stalledSince !== undefined && clock.now() - this.#stalledSince >= 2 * heartbeatMs) {
      this.#abort();
      return;
    }
    if (this.#stalledSince === undefined) this.#raw.write(': \n\n');
    this.#beatLater();
  }

  // The client does not read, so an orderly end would wait behind what it has not read.
  #abort(): void {
    this.#end();
    this.#raw.destroy();
  }

  #end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#settings.ended();
    for (const closer of this.#closers.splice(0)) closer();
  }
}

/** One event in the wire format; text goes as it is, anything else as JSON. */
export function formatEvent(event: ServerEvent): string {
  const lines: string[] = [];
  if (event.id !== undefined) lines.push(`id: ${singleLine(event.id)}`);
  if (event.event !== undefined) lines.push(`event: ${singleLine(event.event)}`);
  const text = typeof event.data === 'string' ? event.data : (JSON.stringify(event.data) ?? '');
  for (const line of text.split(/\r\n|\r|\n/)) lines.push(`data: ${line}`);
  return `${lines.join('\n')}\n\n`;
}

// A line break would start a new field; NUL makes browsers ignore an id.
function singleLine(text: string): string {
  return text.replace(/[\r\n\0]/g, ' ');
}
