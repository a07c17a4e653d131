// Channels of node:diagnostics_channel. Nothing is built or published while nobody listens.
import { channel } from 'node:diagnostics_channel';
import type { Flow } from '@siplet/sip';

/** Payload of `siplet:sip:message`: one message or keep-alive as it was on the wire. */
export interface SipMessageEvent {
  readonly direction: 'in' | 'out';
  readonly bytes: Uint8Array;
  readonly flow: Flow;
}

/** Payload of `siplet:http:request`: one answered request. */
export interface HttpRequestEvent {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly application: string;
}

/** The channels this package publishes to, by name. */
export const CHANNELS = {
  /** {@link SipMessageEvent} */
  sipMessage: 'siplet:sip:message',
  /** {@link HttpRequestEvent} */
  httpRequest: 'siplet:http:request',
} as const;

/** Raw SIP traffic, in and out. */
export const sipMessageChannel = channel(CHANNELS.sipMessage);
/** Answered HTTP requests. */
export const httpRequestChannel = channel(CHANNELS.httpRequest);
