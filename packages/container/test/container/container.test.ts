import { describe, expect, test } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Resource, SipApplication, SipListener, SipServlet, WebServlet } from '@siplet/annotations';
import {
  HttpServlet,
  OUTBOUND_INTERFACES,
  SIP_FACTORY,
  SipFactory,
  SipServletContext,
  SipServletListener,
} from '@siplet/api';
import type { HttpServletRequest, HttpServletResponse, SipServletRequest, SipServletResponse } from '@siplet/api';
import { CHANNELS, createContainer } from '@siplet/container';
import type { Container, ContainerOptions, HttpRequestEvent, SipMessageEvent } from '@siplet/container';
import { createTestContainer, expectNoLeaks } from '@siplet/testing';

const events: string[] = [];

@SipServlet({ name: 'Echo' })
@SipListener(SipServletListener)
class EchoServlet extends SipServlet implements SipServletListener {
  @Resource() declare readonly context: SipServletContext;

  override init(): void {
    events.push('init');
  }

  override destroy(): void {
    events.push('destroy');
  }

  protected override async doMessage(request: SipServletRequest): Promise<void> {
    await request.createResponse(200).send();
  }

  servletInitialized(): void {
    const interfaces = this.context.getAttribute(OUTBOUND_INTERFACES) ?? [];
    events.push(`announced on ${interfaces.map(String).join(' ')}`);
  }
}

@SipServlet({ name: 'Caller' })
class CallerServlet extends SipServlet {
  protected override doSuccessResponse(response: SipServletResponse): void {
    response.getApplicationSession().setAttribute('answer', response.getStatus());
    response
      .getApplicationSession()
      .setAttribute('http', [...response.getApplicationSession().getSessions('HTTP')].length);
  }
}

@WebServlet({ urlPatterns: ['/send', '/stream', '/end'], asyncSupported: true })
class SendServlet extends HttpServlet {
  protected override async doPost(request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    const application = request.getSession().getApplicationSession();
    // The tutorial's way: the factory comes from the context, the responses go to a named SIP servlet.
    const factory = request.getServletContext().getAttribute(SIP_FACTORY) as SipFactory;
    const message = factory.createRequest(
      application,
      'MESSAGE',
      'sip:page@example.com',
      request.getParameter('to') ?? '',
    );
    message.getSession().setHandler('Caller');
    await message.send();
    response.setStatus(202);
  }

  protected override doGet(request: HttpServletRequest, response: HttpServletResponse): void {
    if (request.getServletPath() === '/stream') request.startAsync().getEventStream();
    else {
      const application = request.getSession(false)?.getApplicationSession();
      response.json({ answer: application?.getAttribute('answer'), http: application?.getAttribute('http') });
      if (request.getServletPath() === '/end') application?.invalidate();
    }
  }
}

@SipApplication({ name: 'Echo', servlets: [EchoServlet] })
class EchoApplication {}

@SipApplication({ name: 'Converged', mainServlet: CallerServlet, servlets: [SendServlet] })
class ConvergedApplication {}

/** A container on real loopback sockets. */
async function realContainer(options: ContainerOptions = {}): Promise<Container & AsyncDisposable> {
  const container = await createContainer({
    sip: { listen: ['udp://127.0.0.1:0'] },
    logger: false,
    ...options,
  });
  return Object.assign(container, { [Symbol.asyncDispose]: async () => container.stop() });
}

describe('a container', () => {
  test('deploys, starts, serves and stops, each step once', async () => {
    events.length = 0;
    await using container = await realContainer({ http: { port: 0 } });
    await container.deploy(EchoApplication);
    expect([container.state, events, container.sipListeningPoints]).toEqual(['new', [], []]);
    await container.start();
    const [point] = container.sipListeningPoints;
    expect(container.state).toBe('started');
    expect(events).toEqual(['init', `announced on sip:127.0.0.1:${point?.port};transport=udp`]);
    const { host, port } = container.httpAddress ?? { host: '', port: 0 };
    expect((await fetch(`http://${host}:${port}/`)).status).toBe(404);
    await expect(container.start()).rejects.toMatchObject({ code: 'CTR_ERR_STATE' });
    await expect(container.deploy(ConvergedApplication)).rejects.toThrow(
      /The container is started; deploy\(\) needs it to be new/,
    );
    await Promise.all([container.stop(), container.stop()]);
    expect([container.state, events.slice(2)]).toEqual(['stopped', ['destroy']]);
    await expect(container.inject('/')).rejects.toMatchObject({ code: 'CTR_ERR_STATE' });
  });

  test('closes everything again when a step of start() fails', async () => {
    events.length = 0;
    await using first = await realContainer({ http: { port: 0 } });
    await first.start();
    const port = first.httpAddress?.port ?? 0;
    await using second = await realContainer({ http: { port } });
    await second.deploy(EchoApplication);
    await expect(second.start()).rejects.toMatchObject({
      code: 'CTR_ERR_HTTP_PORT_IN_USE',
      message: expect.stringMatching(new RegExp(`^HTTP port ${port} on 127.0.0.1 is in use\\. Stop the other program`)),
    });
    expect([second.state, events]).toEqual(['stopped', ['init', 'destroy']]);
    // Its SIP port is free again.
    expect(second.counts()).toMatchObject({ transactions: 0, timers: 0, flows: 0, httpSessions: 0 });
  });

  test('a SIP port in use is one clear message', async () => {
    await using first = await realContainer();
    await first.start();
    const uri = `udp://127.0.0.1:${first.sipListeningPoints[0]?.port}`;
    await using second = await realContainer({ sip: { listen: [uri] } });
    await expect(second.start()).rejects.toMatchObject({
      code: 'TPT_ERR_PORT_IN_USE',
      message: expect.stringContaining(uri),
    });
  });

  test('stop() does not hang on an open event stream or an idle connection', async () => {
    const container = await realContainer({ http: { port: 0 } });
    await container.deploy(ConvergedApplication);
    await container.start();
    const response = await fetch(`http://127.0.0.1:${container.httpAddress?.port}/stream`);
    const reader = response.body?.getReader();
    await reader?.read();
    expect(container.counts().openResponses).toBe(1);
    await container.stop();
    expect((await reader?.read())?.done).toBe(true);
    expect(container.counts().openResponses).toBe(0);
  });

  test('stop() does not hang on an open WebSocket', async () => {
    const container = await realContainer({ http: { port: 0 } });
    await container.start();
    const { WebSocket } = globalThis;
    const socket = new WebSocket(`ws://127.0.0.1:${container.httpAddress?.port}/sip`, 'sip');
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    const closed = new Promise<number>((resolve) => {
      socket.addEventListener('close', (event) => resolve(event.code));
    });
    await container.stop();
    expect(await closed).toBe(1001); // RFC 6455 §7.4.1: going away
    expect(container.counts().flows).toBe(0);
  });

  test('refuses a WebSocket from a page of another origin, and takes one from its own (RFC 6455 §10.2)', async () => {
    await using container = await realContainer({ http: { port: 0 } });
    await container.start();
    const { port } = container.httpAddress ?? { port: 0 };
    const status = async (origin: string): Promise<number> => upgradeStatus(port, origin);
    expect(await status('http://evil.example')).toBe(403);
    expect(await status(`http://127.0.0.1:${port}`)).toBe(101);
  });
});

async function upgradeStatus(port: number, origin: string): Promise<number> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol': 'sip',
      origin,
    };
    request({ host: '127.0.0.1', port, path: '/sip', headers })
      .on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
      .on('upgrade', (response, socket) => {
        socket.destroy();
        resolve(response.statusCode ?? 0);
      })
      .on('error', reject)
      .end();
  });
}

describe('routing configuration', () => {
  test('without a DAR file the only application gets every request', async () => {
    await using t = await createTestContainer({ apps: [EchoApplication] });
    const alice = t.phone('sip:alice@example.com');
    const response = await alice.sendRequest('MESSAGE', 'sip:echo@example.com');
    expect(response.status).toBe(200);
    await expectNoLeaks(t);
  });

  test('without a DAR file several applications are refused', async () => {
    await using container = await realContainer();
    await container.deploy(EchoApplication);
    await container.deploy(ConvergedApplication);
    await expect(container.start()).rejects.toThrow(/Several applications are deployed \(Echo, Converged\)/);
  });

  test('a name in the DAR file that is not deployed is refused with place and suggestion', async () => {
    const darText = '# one\n\nMESSAGE: ("Ehco", "DAR:From", "ORIGINATING", "", "NO_ROUTE", "0")\n';
    await using container = await realContainer({ router: { darText } });
    await container.deploy(EchoApplication);
    await expect(container.start()).rejects.toMatchObject({
      code: 'DAR_ERR_UNKNOWN_APPLICATION',
      line: 3,
      message: expect.stringMatching(/^router\.darText:3:\d+: No application 'Ehco' is deployed\. .*Echo/),
    });
  });

  test('an application name is taken once', async () => {
    await using container = await realContainer();
    await container.deploy(EchoApplication);
    await expect(container.deploy(EchoApplication)).rejects.toMatchObject({ code: 'CTR_ERR_DEPLOY_DUPLICATE' });
  });
});

describe('context paths', () => {
  @WebServlet('/')
  class Page extends HttpServlet {
    protected override doGet(request: HttpServletRequest, response: HttpServletResponse): void {
      response.write(`${this.getServletContext().getServletContextName()} at ${request.getContextPath()}`);
    }
  }
  @SipApplication({ name: 'One', servlets: [Page] })
  class One {}
  @SipApplication({ name: 'Two', servlets: [Page], contextPath: '/2' })
  class Two {}
  const router = { darText: '' };

  test('several web applications live under their names or their paths, apart from each other', async () => {
    await using container = await realContainer({ router });
    await container.deploy(One, {
      http: (fastify) => void fastify.addHook('onSend', async (_, reply) => void reply.header('x-one', '1')),
    });
    await container.deploy(Two);
    await container.start();
    const one = await container.inject('/One/');
    const two = await container.inject('/2/');
    expect([one.body, one.headers['x-one']]).toEqual(['One at /One', '1']);
    expect([two.body, two.headers['x-one']]).toEqual(['Two at /2', undefined]);
    expect((await container.inject('/')).statusCode).toBe(404);
  });

  test('a single one lives at the root', async () => {
    await using container = await realContainer();
    await container.deploy(One);
    await container.start();
    expect((await container.inject('/')).body).toBe('One at ');
  });

  test('the same path twice is refused', async () => {
    await using container = await realContainer({ router });
    await container.deploy(One, { contextPath: '/2' });
    await container.deploy(Two);
    await expect(container.start()).rejects.toMatchObject({ code: 'CTR_ERR_DEPLOY_CONTEXT_PATH' });
  });
});

describe('convergence (JSR 289 §13)', () => {
  test('an HTTP request starts a SIP request, whose response the named servlet finds in the same session', async () => {
    await using t = await createTestContainer({ apps: [ConvergedApplication] });
    const bob = t.phone('sip:bob@example.com');
    const browser = t.browser();
    const sent = await browser.post('/send', { form: { to: `sip:bob@${bob.address}` } });
    expect([sent.statusCode, t.log]).toEqual([202, []]);
    await t.settled();
    expect(JSON.parse((await browser.get('/end')).body)).toEqual({ answer: 200, http: 1 });
    expect(t.container.counts()).toMatchObject({ applicationSessions: 0, httpSessions: 0 });
    await expectNoLeaks(t);
  });
});

describe('diagnostics channels', () => {
  test('carry SIP messages both ways and answered HTTP requests, while somebody listens', async () => {
    await using t = await createTestContainer({ apps: [EchoApplication] });
    const alice = t.phone('sip:alice@example.com');
    const seen: string[] = [];
    const onSip = (event: unknown): void => {
      const { direction, bytes, flow } = event as SipMessageEvent;
      seen.push(`${direction} ${new TextDecoder().decode(bytes).split('\r\n')[0]} ${flow.protocol}`);
    };
    const onHttp = (event: unknown): void => {
      const { method, path, status, application } = event as HttpRequestEvent;
      seen.push(`${method} ${path} ${status} ${String(application)}`);
    };
    subscribe(CHANNELS.sipMessage, onSip);
    subscribe(CHANNELS.httpRequest, onHttp);
    await alice.sendRequest('MESSAGE', 'sip:echo@example.com');
    await t.inject('/none?secret=1');
    unsubscribe(CHANNELS.sipMessage, onSip);
    unsubscribe(CHANNELS.httpRequest, onHttp);
    await alice.sendRequest('MESSAGE', 'sip:echo@example.com');
    expect(seen).toEqual([
      'in MESSAGE sip:echo@example.com SIP/2.0 UDP',
      'out SIP/2.0 200 OK UDP',
      'GET /none 404 undefined',
    ]);
  });
});
