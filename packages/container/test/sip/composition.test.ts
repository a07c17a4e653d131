import { describe, expect, test } from '@jest/globals';
import { SipApplication, SipApplicationKey, SipListener, SipServlet } from '@siplet/annotations';
import {
  FlowListener,
  SipApplicationRouter,
  SipApplicationRouterInfo,
  SipErrorListener,
  SipFactory,
  TimerListener,
} from '@siplet/api';
import type {
  FlowEvent,
  ServletTimer,
  SipErrorEvent,
  SipServletRequest,
  SipServletResponse,
  SipURI,
} from '@siplet/api';
import { createTestContainer } from '@siplet/testing';
import { expectNoLeaks } from './support/nothing-left.ts';
import { RawPeer } from './support/raw-peer.ts';
import { startScript } from './support/script-app.ts';

class FixedRouter extends SipApplicationRouter {
  readonly #answer: (request: SipServletRequest) => string | undefined | Promise<string | undefined>;

  constructor(answer: (request: SipServletRequest) => string | undefined | Promise<string | undefined>) {
    super();
    this.#answer = answer;
  }

  init(): void {}
  destroy(): void {}
  applicationDeployed(): void {}
  applicationUndeployed(): void {}

  getNextApplication(request: SipServletRequest) {
    const info = (name: string | undefined) =>
      name === undefined
        ? undefined
        : new SipApplicationRouterInfo(name, undefined, undefined, [], 'NO_ROUTE', undefined);
    const answer = this.#answer(request);
    return answer instanceof Promise ? answer.then(info) : info(answer);
  }
}

describe('the choice of the application (JSR 289 §15.4)', () => {
  test('none is 404, one that is not deployed 500, a throwing router 500; an OPTIONS ping of the server itself 200', async () => {
    const router = new FixedRouter((request) => {
      const user = (request.getRequestURI() as SipURI).getUser();
      if (user === 'throw') throw new Error('router broke');
      if (user === 'later') return Promise.resolve('Script');
      return user === 'unknown' ? 'Unknown' : undefined;
    });
    const { t, app } = await startScript(
      {
        async request(request) {
          await request.createResponse(200).send();
        },
      },
      { router },
    );
    await using _ = t;
    const alice = t.phone('sip:alice@example.com');
    const status = async (method: string, uri: string) => (await alice.sendRequest(method, uri)).status;
    expect(await status('MESSAGE', 'sip:nobody@example.com')).toBe(404);
    expect(await status('MESSAGE', 'sip:unknown@example.com')).toBe(500);
    expect(await status('MESSAGE', 'sip:throw@example.com')).toBe(500);
    expect(await status('OPTIONS', 'sip:10.0.0.1:5060')).toBe(200);
    expect(await status('OPTIONS', 'sip:nobody@10.0.0.1:5060')).toBe(404);
    expect(app.seen).toEqual([]);
    expect(await status('MESSAGE', 'sip:later@example.com')).toBe(200);
    const codes = t.log.map((line) => line['code']).filter((code) => code !== undefined);
    expect(codes).toEqual(['CTR_ERR_APPLICATION_NOT_DEPLOYED', 'CTR_ERR_ROUTER_THREW']);
    await expectNoLeaks(t);
  });

  test('@SipApplicationKey puts requests of one key into one application session', async () => {
    const sessions: string[] = [];
    @SipServlet({ name: 'Keyed' })
    class Keyed extends SipServlet {
      protected override async doMessage(request: SipServletRequest): Promise<void> {
        const session = request.getApplicationSession();
        session.setInvalidateWhenReady(false);
        sessions.push(session.getId());
        await request.createResponse(200).send();
      }
    }
    @SipApplication({ name: 'Keys', mainServlet: Keyed, servlets: [Keyed] })
    class Keys {
      @SipApplicationKey
      static key(request: SipServletRequest): string | undefined {
        return request.getHeader('X-Room');
      }
    }
    await using t = await createTestContainer({ apps: [Keys] });
    const alice = t.phone('sip:alice@example.com');
    for (const room of ['a', 'b', 'a']) {
      await alice.sendRequest('MESSAGE', 'sip:x@example.com', { headers: { 'x-room': room } });
    }
    await alice.sendRequest('MESSAGE', 'sip:x@example.com');
    expect(sessions[2]).toBe(sessions[0]);
    expect(new Set(sessions).size).toBe(3);
    expect(t.container.counts().applicationSessions).toBe(3);
    await t.clock.advance('4m');
    await expectNoLeaks(t);
  });

  test('a call of ours that spirals through our own proxy is two sessions that never mix', async () => {
    const { t, app } = await startScript({
      async request(request, self) {
        if (request.getMethod() === 'BYE' && request.getSession().getAttribute('mine') === true) {
          await request.createResponse(200).send();
          return;
        }
        if (!request.isInitial()) return;
        const proxy = request.getProxy();
        proxy.setRecordRoute(true);
        await proxy.proxyTo(self.factory.createURI('sip:raw@10.0.0.71'));
      },
      async response(response) {
        if (response.getSession().getAttribute('mine') !== true || response.getStatus() !== 200) return;
        if (response.getMethod() === 'INVITE') await response.createAck().send();
      },
    });
    await using _ = t;
    const bob = await RawPeer.open(t, '10.0.0.71');
    const session = app.factory.createApplicationSession();
    const invite = app.factory.createRequest(session, 'INVITE', 'sip:me@example.com', 'sip:bob@10.0.0.1:5060');
    invite.getSession().setAttribute('mine', true);
    await invite.send();
    await t.settled();
    await bob.respond(bob.last('INVITE'), 200);
    expect(bob.methods).toEqual(['INVITE', 'ACK']);
    const { headers } = bob.last('INVITE');
    await bob.request('BYE', {
      uri: headers.addresses('Contact')[0]?.uri.toString() ?? '',
      callId: headers.callId ?? '',
      fromTag: 'tag-10.0.0.71',
      toTag: headers.from?.tag ?? '',
      headers: headers.getAll('Record-Route').map((route) => `Route: ${route}`),
    });
    expect(bob.statuses).toEqual([200]);
    expect(app.seen.filter((line) => line === 'BYE')).toHaveLength(2); // through the proxy, and at the end
    await expectNoLeaks(t);
  });

  test('a TCP connection that cannot be made is a 503 (RFC 3261 §8.1.3.1)', async () => {
    const { t, app } = await startScript({});
    await using _ = t;
    const session = app.factory.createApplicationSession();
    const to = 'sip:raw@10.0.0.99:5060;transport=tcp';
    await app.factory.createRequest(session, 'INVITE', 'sip:me@example.com', to).send();
    await t.clock.advance('33s');
    expect(app.responses.map((response) => response.getStatus())).toEqual([503]);
    await expectNoLeaks(t);
  });
});

describe('listeners of the SIP side', () => {
  const seen: string[] = [];

  @SipServlet({ name: 'Heard', loadOnStartup: 1 })
  @SipListener(SipErrorListener, TimerListener, FlowListener)
  class Heard extends SipServlet {
    protected override async doInvite(request: SipServletRequest): Promise<void> {
      await request.createResponse(200).send();
    }

    protected override async doBye(request: SipServletRequest): Promise<void> {
      await request.createResponse(200).send();
    }

    protected override async doSuccessResponse(response: SipServletResponse): Promise<void> {
      seen.push(`${response.getStatus()} to ${response.getMethod()}`);
    }

    noAckReceived(event: SipErrorEvent): void {
      seen.push(`no ACK for ${event.getResponse().getStatus()} to ${event.getRequest().getMethod()}`);
      void event.getRequest().getSession().createRequest('BYE').send();
    }

    noPrackReceived(): void {}

    timeout(timer: ServletTimer): void {
      seen.push(`timer ${JSON.stringify(timer.getInfo())}`);
    }

    flowClosed(event: FlowEvent): void {
      seen.push(`closed ${event.getFlow().getTransport()} ${event.getFlow().isActive()}`);
    }
  }

  @SipApplication({ name: 'Listening', mainServlet: Heard, servlets: [Heard] })
  class Listening {}

  test('noAckReceived takes the place of the BYE by the container (RFC 3261 §13.3.1.4)', async () => {
    seen.length = 0;
    await using t = await createTestContainer({ apps: [Listening] });
    const peer = await RawPeer.open(t, '10.0.0.71');
    await peer.request('INVITE');
    await t.clock.advance('33s');
    expect(seen).toEqual(['no ACK for 200 to INVITE']);
    expect(peer.methods.filter((method) => method === 'BYE').length).toBeGreaterThan(0);
    await peer.respond(peer.last('BYE'), 200);
    await expectNoLeaks(t);
  });

  test('timers fire into the session, once or again and again, and die with it', async () => {
    seen.length = 0;
    await using t = await createTestContainer({ apps: [Listening] });
    const context = [...t.container.applications][0]?.context;
    const factory = context?.getAttribute('javax.servlet.sip.SipFactory');
    const timers = context?.getAttribute('javax.servlet.sip.TimerService');
    if (!(factory instanceof SipFactory) || timers === undefined) throw new Error('no container objects');
    const session = factory.createApplicationSession();
    const once = timers.createTimer(session, 1000, false, { n: 1 });
    const again = timers.createTimer(session, 2000, 500, false, false, 'again');
    expect(session.getTimer(once.getId())).toBe(once);
    expect(again.getTimeRemaining()).toBe(2000);
    await t.clock.advance('3200ms');
    expect(seen).toEqual(['timer {"n":1}', 'timer "again"', 'timer "again"', 'timer "again"']);
    expect([...session.getTimers()]).toEqual([again]);
    again.cancel();
    await t.settled();
    expect(session.isValid()).toBe(false); // nothing else kept it
    const other = factory.createApplicationSession();
    timers.createTimer(other, 1000, false);
    expect(() => timers.createTimer(other, 1000, 0, false, false)).toThrow(
      expect.objectContaining({ code: 'CTR_ERR_TIMER_ARGUMENT' }),
    );
    other.invalidate();
    await t.clock.advance('5s');
    expect(seen).toHaveLength(4);
    await expectNoLeaks(t);
  });

  test('flowClosed says that a browser has gone', async () => {
    seen.length = 0;
    await using t = await createTestContainer({ apps: [Listening] });
    const socket = t.openWebSocket('10.0.0.80');
    socket.setHandler({ message: () => undefined, closed: () => undefined });
    await t.settled();
    socket.close();
    await t.settled();
    expect(seen).toEqual(['closed WS false']);
    await expectNoLeaks(t);
  });
});

describe('the end of applications and of the container', () => {
  const keepCalls = {
    async request(request: SipServletRequest): Promise<void> {
      if (request.getMethod() !== 'ACK') await request.createResponse(200).send();
    },
  };

  test('draining refuses new requests with 503 and Retry-After, and waits for the calls', async () => {
    const { t } = await startScript(keepCalls);
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    await peer.request('INVITE');
    const toTag = peer.responses.at(-1)?.headers.to?.tag ?? '';
    await peer.request('ACK', { toTag });
    let drained = false;
    const draining = t.container.runtime.drain(60_000).then(() => (drained = true));
    await peer.request('MESSAGE', { callId: 'new' });
    expect(peer.responses.at(-1)?.status).toBe(503);
    expect(peer.responses.at(-1)?.headers.get('Retry-After')).toBe('5');
    expect(drained).toBe(false);
    await peer.request('BYE', { toTag, cseq: 2 });
    expect(peer.responses.at(-1)?.status).toBe(200);
    await t.clock.advance('1s');
    await draining;
    expect(drained).toBe(true);
    await expectNoLeaks(t);
  });

  test('removing an application ends its sessions; its requests are then nobody’s', async () => {
    const { t, app } = await startScript(keepCalls);
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    await peer.request('INVITE');
    await peer.request('ACK', { toTag: peer.responses.at(-1)?.headers.to?.tag ?? '' });
    const [application] = t.container.applications;
    if (application === undefined) throw new Error('nothing is deployed');
    await t.container.runtime.removeApplication(application);
    expect(app.seen.slice(-2)).toEqual(['sip destroyed', 'app destroyed']);
    await peer.request('MESSAGE', { callId: 'new' });
    expect(peer.responses.at(-1)?.status).toBe(500); // the router still names it
    await expectNoLeaks(t);
  });
});
