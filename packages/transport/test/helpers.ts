import type { EngineEvent, Flow, SipRequest, Uri } from '@siplet/sip';
import { createResponseFor, Headers, parseUri, SipRequest as Request } from '@siplet/sip';
import type { EngineHostHandler, EngineHostOptions } from '../src/index.ts';
import { EngineHost } from '../src/index.ts';

let serial = 0;

/** The text of a request; `via` is the Via value after the protocol. */
export function requestText(protocol: string, sentBy: string, viaParams = ';rport', method = 'OPTIONS'): string {
  serial += 1;
  return [
    `${method} sip:service@example.test SIP/2.0`,
    `Via: SIP/2.0/${protocol} ${sentBy};branch=z9hG4bK${serial}${viaParams}`,
    'Max-Forwards: 70',
    'From: <sip:alice@example.test>;tag=a1',
    'To: <sip:service@example.test>',
    `Call-ID: call-${serial}`,
    `CSeq: 1 ${method}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

/** A request to send. */
export function newRequest(target: string, method = 'OPTIONS'): SipRequest {
  serial += 1;
  const headers = new Headers();
  headers.set('Max-Forwards', '70');
  headers.set('From', '<sip:service@example.test>;tag=s1');
  headers.set('To', '<sip:alice@example.test>');
  headers.set('Call-ID', `out-${serial}`);
  headers.set('CSeq', `1 ${method}`);
  return new Request(method, parseUri(target), headers);
}

export function uri(text: string): Uri {
  return parseUri(text);
}

/** A host that records, and answers every request with 200 unless told otherwise. */
export class TestHost implements EngineHostHandler {
  readonly events: EngineEvent[] = [];
  readonly closed: Flow[] = [];
  readonly errors: unknown[] = [];
  answer = true;
  readonly host: EngineHost;
  #waiting: { ready: () => boolean; resolve: () => void }[] = [];

  constructor(options: EngineHostOptions) {
    this.host = new EngineHost(options, this);
  }

  event(event: EngineEvent): void {
    this.events.push(event);
    if (this.answer && event.type === 'request') {
      this.host.respond(event.transaction, createResponseFor(event.request, 200, undefined, this.host.ids.tag()));
    }
    this.#check();
  }

  flowClosed(flow: Flow): void {
    this.closed.push(flow);
    this.#check();
  }

  handlerError(error: unknown): void {
    this.errors.push(error);
  }

  /** Answers the last request. */
  answerLast(status: number): void {
    const event = this.ofType('request').at(-1);
    if (event === undefined) throw new Error('no request to answer');
    this.host.respond(event.transaction, createResponseFor(event.request, status, undefined, 'late'));
  }

  types(): string[] {
    return this.events.map((event) => event.type);
  }

  ofType<T extends EngineEvent['type']>(type: T): Extract<EngineEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<EngineEvent, { type: T }> => event.type === type);
  }

  /** Resolves as soon as the condition holds; checked at every event. */
  async until(ready: () => boolean): Promise<void> {
    if (ready()) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push({ ready, resolve });
    });
  }

  #check(): void {
    this.#waiting = this.#waiting.filter(({ ready, resolve }) => {
      if (!ready()) return true;
      resolve();
      return false;
    });
  }
}
