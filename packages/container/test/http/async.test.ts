import { describe, expect, test } from '@jest/globals';
import { SipApplication, WebServlet } from '@siplet/annotations';
import { HttpServlet } from '@siplet/api';
import type { AsyncContext, EventStream, HttpServletRequest, HttpServletResponse } from '@siplet/api';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MAX_WAITING_BYTES } from '../../src/http/event-stream.ts';
import { webHarness } from './web-harness.ts';
import type { WebHarness } from './web-harness.ts';

@WebServlet({ urlPatterns: ['/events', '/poll', '/late', '/throw'], asyncSupported: true })
class EventsServlet extends HttpServlet {
  readonly streams: EventStream[] = [];
  readonly contexts: AsyncContext[] = [];
  readonly heard: string[] = [];

  protected override doGet(request: HttpServletRequest): void {
    const context = request.startAsync();
    this.contexts.push(context);
    context.addListener({
      onComplete: () => void this.heard.push('complete'),
      onTimeout: () => void this.heard.push('timeout'),
      onError: () => void this.heard.push('error'),
    });
    if (request.getServletPath() === '/throw') throw new Error('after startAsync');
    if (request.getServletPath() !== '/events') return;
    const stream = context.getEventStream({ heartbeatMs: 10_000 });
    this.streams.push(stream);
    stream.onClose(() => void this.heard.push('closed'));
    stream.send({ event: 'snapshot', data: { since: stream.getLastEventId() ?? 'start' }, id: '1' });
  }

  protected override doPost(request: HttpServletRequest, response: HttpServletResponse): void {
    response.addCookie({ name: 'a', value: 'b' });
    request.getSession();
    const stream = request.startAsync().getEventStream();
    this.streams.push(stream);
  }
}

@SipApplication({ name: 'Events', servlets: [EventsServlet] })
class EventsApplication {}

function servletOf(web: WebHarness): EventsServlet {
  return web.deployment.web.servletNamed('EventsServlet') as EventsServlet;
}

/** Opens a real connection on loopback and gives its response with what arrives on it. */
async function open(
  web: WebHarness,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ response: IncomingMessage; text: () => string; ended: Promise<void>; abort: () => void }> {
  await web.fastify.listen({ host: '127.0.0.1', port: 0 });
  const { port } = web.fastify.server.address() as AddressInfo;
  const request = httpRequest({ host: '127.0.0.1', port, path, headers });
  let received = '';
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', reject).end();
  });
  response.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk;
  });
  const ended = new Promise<void>((resolve) => {
    response.on('close', () => resolve());
  });
  response.on('error', () => undefined);
  request.on('error', () => undefined);
  return { response, text: () => received, ended, abort: () => request.destroy() };
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn += 1) {
    if (turn > 20_000) throw new Error(`still not: ${condition.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('event streams', () => {
  test('send named events with ids, and comments as heartbeat by the injected clock', async () => {
    await using web = await webHarness(EventsApplication);
    const { response, text } = await open(web, '/events');
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const [stream] = servletOf(web).streams;
    expect(stream?.send({ data: 'two\nlines' })).toBe(true);
    const sent = 'retry: 2000\n\nid: 1\nevent: snapshot\ndata: {"since":"start"}\n\ndata: two\ndata: lines\n\n';
    await until(() => text() === sent);
    await web.clock.advance('9999ms');
    await web.clock.advance('1ms');
    await until(() => text() !== sent);
    expect(text()).toBe(`${sent}: \n\n`);
  });

  test('tell the servlet which event the browser saw last', async () => {
    await using web = await webHarness(EventsApplication);
    const { text } = await open(web, '/events', { 'last-event-id': '41' });
    await until(() => text().includes('snapshot'));
    expect(text()).toContain('data: {"since":"41"}');
  });

  test('HEAD gets the head of a stream and nothing stays open', async () => {
    await using web = await webHarness(EventsApplication);
    const { statusCode, headers } = await web.request('HEAD', '/events');
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(web.deployment.web.openExchanges).toBe(0);
  });

  test('hand out the session cookie with their head', async () => {
    await using web = await webHarness(EventsApplication);
    const pending = web.request('POST', '/events');
    await until(() => servletOf(web).streams.length === 1);
    servletOf(web).streams[0]?.close();
    const { headers } = await pending;
    expect(headers['set-cookie']).toEqual(['a=b', expect.stringMatching(/^SIPLETSESSION=/)]);
  });

  test('end when the browser goes, once', async () => {
    await using web = await webHarness(EventsApplication);
    const { abort, text } = await open(web, '/events');
    await until(() => text().includes('snapshot'));
    abort();
    await until(() => servletOf(web).heard.length > 0);
    const [stream] = servletOf(web).streams;
    expect(stream?.isOpen()).toBe(false);
    expect(stream?.send({ data: 'late' })).toBe(false);
    stream?.close();
    expect(servletOf(web).heard.toSorted()).toEqual(['closed', 'complete']);
    expect(web.deployment.web.openExchanges).toBe(0);
    expect(web.clock.nextDeadline()).toBe(Infinity);
  });

  test('cut a client off that does not read, and never hold more than the limit for it', async () => {
    await using web = await webHarness(EventsApplication);
    const { response, ended } = await open(web, '/events');
    response.pause();
    const [stream] = servletOf(web).streams;
    const data = 'x'.repeat(10_000);
    let most = 0;
    let sent = 0;
    while (sent < 3000 && stream?.send({ data }) === true) {
      sent += 1;
      most = Math.max(most, servletOf(web).contexts[0] === undefined ? 0 : waiting(servletOf(web)));
      if (sent % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(stream?.isOpen()).toBe(false);
    expect(most).toBeLessThanOrEqual(MAX_WAITING_BYTES + data.length + 100);
    response.resume();
    await ended;
    expect(servletOf(web).heard).toEqual(['complete', 'closed']);
  });

  test('end when the server stops, so that stopping does not hang', async () => {
    const web = await webHarness(EventsApplication);
    const { ended, text } = await open(web, '/events');
    await until(() => text().includes('snapshot'));
    await web[Symbol.asyncDispose]();
    await ended;
    expect(web.deployment.web.openExchanges).toBe(0);
    expect(web.clock.nextDeadline()).toBe(Infinity);
  });
});

function waiting(servlet: EventsServlet): number {
  const reply = servlet.contexts[0]?.getResponse().getFastifyReply();
  return reply?.raw.writableLength ?? 0;
}

describe('an AsyncContext', () => {
  test('keeps the response open until complete()', async () => {
    await using web = await webHarness(EventsApplication);
    const pending = web.request('GET', '/poll');
    await until(() => servletOf(web).contexts.length === 1);
    const [context] = servletOf(web).contexts;
    context?.getResponse().json({ late: true });
    context?.complete();
    context?.complete();
    expect((await pending).body).toBe('{"late":true}');
    expect(servletOf(web).heard).toEqual(['complete']);
  });

  test('answers 503 after 30 s without complete() (Servlet 3.0 §9.6)', async () => {
    await using web = await webHarness(EventsApplication);
    const pending = web.request('GET', '/poll');
    await until(() => servletOf(web).contexts.length === 1);
    await web.clock.advance('29999ms');
    expect(servletOf(web).heard).toEqual([]);
    await web.clock.advance('1ms');
    const { statusCode, body } = await pending;
    expect([statusCode, JSON.parse(body).code]).toEqual([503, 'CTR_ERR_HTTP_ASYNC_TIMEOUT']);
    expect(servletOf(web).heard).toEqual(['timeout', 'complete']);
  });

  test('may be answered by its timeout listener', async () => {
    await using web = await webHarness(EventsApplication);
    const pending = web.request('GET', '/poll');
    await until(() => servletOf(web).contexts.length === 1);
    const [context] = servletOf(web).contexts;
    context?.setTimeout(5);
    context?.addListener({
      onTimeout: () => {
        context.getResponse().json([]);
        context.complete();
      },
    });
    await web.clock.advance('5ms');
    expect([(await pending).statusCode, (await pending).body]).toEqual([200, '[]']);
  });

  test('ends with 500 when the servlet throws after startAsync()', async () => {
    await using web = await webHarness(EventsApplication);
    expect((await web.request('GET', '/throw')).statusCode).toBe(500);
    expect(servletOf(web).heard).toEqual(['error', 'complete']);
  });

  test('ends with 503 when the server stops', async () => {
    const web = await webHarness(EventsApplication);
    const pending = web.request('GET', '/poll');
    await until(() => servletOf(web).contexts.length === 1);
    await web[Symbol.asyncDispose]();
    const { statusCode, body } = await pending;
    expect([statusCode, JSON.parse(body).code]).toEqual([503, 'CTR_ERR_HTTP_STOPPING']);
  });

  test('hears when the client goes away before the answer', async () => {
    await using web = await webHarness(EventsApplication);
    await web.fastify.listen({ host: '127.0.0.1', port: 0 });
    const { port } = web.fastify.server.address() as AddressInfo;
    const request = httpRequest({ host: '127.0.0.1', port, path: '/poll' }).on('error', () => undefined);
    request.end();
    await until(() => servletOf(web).contexts.length === 1);
    request.destroy();
    await until(() => servletOf(web).heard.length > 0);
    expect(servletOf(web).heard).toEqual(['error', 'complete']);
  });
});
