// oxlint-disable-next-line typescript/triple-slash-reference -- npm sip has no types, and others compile this file from source
/// <reference path="./sip-npm.d.ts" />
import sip from 'sip';

/** A From, To or Contact value as npm `sip` reads it: name and URI are raw text, a flag parameter is null. */
export interface WireAddress {
  name?: string | undefined;
  uri: string;
  params: Record<string, string | null>;
}

/** A Via value as npm `sip` reads it. */
export interface WireVia {
  version: string;
  protocol: string;
  host: string;
  port?: number | undefined;
  params: Record<string, string | null>;
}

/** The name=value pairs of an authentication header, values with their quotes. */
export type WireAuth = Record<string, string | undefined>;

/** Headers by lower-case name, as npm `sip` keeps them. */
export interface WireHeaders {
  via: WireVia[];
  from: WireAddress;
  to: WireAddress;
  'call-id': string;
  cseq: { seq: number; method: string };
  contact?: WireAddress[] | string | undefined;
  'www-authenticate'?: WireAuth[] | undefined;
  'proxy-authenticate'?: WireAuth[] | undefined;
  authorization?: WireAuth[] | undefined;
  'proxy-authorization'?: WireAuth[] | undefined;
  [name: string]: unknown;
}

/** A request as a phone sees it. */
export interface WireRequest {
  method: string;
  uri: string;
  headers: WireHeaders;
  content?: string | undefined;
}

/** A response as a phone sees it. */
export interface WireResponse {
  status: number;
  reason: string;
  headers: WireHeaders;
  content?: string | undefined;
}

/** A message as a phone sees it. */
export type WireMessage = WireRequest | WireResponse;

/** True for a request. */
export function isRequest(message: WireMessage): message is WireRequest {
  return 'method' in message;
}

/** Reads one message with npm `sip`; undefined when it cannot, or when what every message must have is missing. */
export function readMessage(text: string): WireMessage | undefined {
  const message = sip.parse(text);
  return isComplete(message) ? message : undefined;
}

/** Prints one message with npm `sip`; the body is binary text (one character per byte). */
export function printMessage(message: WireMessage): string {
  return sip.stringify(message);
}

/** Host and port of a sip or sips URI, read by npm `sip`; undefined for what it cannot read (tel, IPv6). */
export function hostPortOf(uri: string): { host: string; port: number | undefined } | undefined {
  const parsed = sip.parseUri(uri);
  if (parsed === undefined) return undefined;
  return { host: parsed.host, port: Number.isNaN(parsed.port) ? undefined : parsed.port };
}

function isComplete(message: unknown): message is WireMessage {
  if (typeof message !== 'object' || message === null || !('headers' in message)) return false;
  const headers = message.headers as Partial<WireHeaders>;
  return (
    Array.isArray(headers.via) &&
    headers.via[0]?.host !== undefined &&
    headers.from !== undefined &&
    headers.to !== undefined &&
    headers['call-id'] !== undefined &&
    headers.cseq !== undefined
  );
}
