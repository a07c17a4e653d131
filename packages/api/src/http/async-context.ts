import type { Ms } from '../units.ts';
import type { HttpServletRequest } from './http-request.ts';
import type { HttpServletResponse } from './http-response.ts';

/** An event of an {@link AsyncContext}. */
export interface AsyncEvent {
  readonly context: AsyncContext;
  readonly error?: unknown;
}

/** Hears about the end of an {@link AsyncContext}. */
export interface AsyncListener {
  onComplete?(event: AsyncEvent): void;
  onTimeout?(event: AsyncEvent): void;
  onError?(event: AsyncEvent): void;
}

/** Options of an event stream. */
export interface EventStreamOptions {
  /** Milliseconds between heartbeat comments; default 15,000. */
  readonly heartbeatMs?: Ms;
}

/** A response that stays open after the servlet has returned. */
export abstract class AsyncContext {
  abstract getRequest(): HttpServletRequest;
  abstract getResponse(): HttpServletResponse;
  /** Ends the response. */
  abstract complete(): void;
  abstract getTimeout(): Ms;
  /** Milliseconds after which listeners are told and the response ends; 0 means never. */
  abstract setTimeout(ms: Ms): void;
  abstract addListener(listener: AsyncListener): void;
  /** Turns the response into a stream of server-sent events. */
  abstract getEventStream(options?: EventStreamOptions): EventStream;
}

/** One server-sent event. */
export interface ServerEvent {
  /** The event's name; browsers call unnamed ones `message`. */
  readonly event?: string;
  /** Sent as JSON unless it is a string. */
  readonly data: unknown;
  /** Comes back as Last-Event-ID when the browser reconnects. */
  readonly id?: string;
}

/** A stream of server-sent events to one browser. */
export abstract class EventStream {
  /** Sends an event; false means that the client is too slow and must be given a whole snapshot later. */
  abstract send(event: ServerEvent): boolean;
  abstract isOpen(): boolean;
  abstract close(): void;
  /** Runs once, when either side has closed the stream; at once when it is closed already. */
  abstract onClose(callback: () => void): void;
  /** The id of the last event the browser has seen before it reconnected. */
  abstract getLastEventId(): string | undefined;
}
