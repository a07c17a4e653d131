import { describe, expect, test } from '@jest/globals';
import type { SipServletRequest, SipURI } from '@siplet/api';
import { expectNoLeaks } from './support/nothing-left.ts';
import { RawPeer } from './support/raw-peer.ts';
import { startScript } from './support/script-app.ts';

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'nothing';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

async function fresh(method = 'INVITE') {
  const { t, app } = await startScript({});
  const session = app.factory.createApplicationSession();
  const request = app.factory.createRequest(
    session,
    method,
    '"Me" <sip:me@example.com>;tag=mine',
    '<sip:raw@10.0.0.71;user=phone>;tag=yours',
  );
  return { t, app, session, request };
}

describe('system headers (JSR 289 §4.1.3)', () => {
  test.each([
    'Call-ID',
    'i',
    'CSeq',
    'Via',
    'v',
    'Record-Route',
    'Path',
    'RSeq',
    'RAck',
    'Route',
    'From',
    'f',
    'To',
    'Contact',
    'm',
  ])('%s can be neither set, added nor removed', async (name) => {
    const { t, session, request } = await fresh();
    await using _ = t;
    const before = request.toString();
    expect(codeOf(() => request.setHeader(name, 'x'))).toBe('CTR_ERR_SYSTEM_HEADER');
    expect(codeOf(() => request.addHeader(name, 'x'))).toBe('CTR_ERR_SYSTEM_HEADER');
    expect(codeOf(() => request.removeHeader(name))).toBe('CTR_ERR_SYSTEM_HEADER');
    expect(request.toString()).toBe(before);
    session.invalidate();
  });

  test('names are case-insensitive and compact forms are the same header', async () => {
    const { t, session, request } = await fresh();
    await using _ = t;
    request.setHeader('subject', 'Grüße');
    expect(request.getHeader('S')).toBe('Grüße');
    expect(request.getHeader('i')).toBe(request.getCallId());
    request.addHeader('X-List', 'one');
    request.addHeader('x-list', 'two');
    expect([...request.getHeaders('X-LIST')]).toEqual(['one', 'two']);
    expect([...request.getHeaders('Nothing')]).toEqual([]);
    session.invalidate();
  });

  test('CR and LF are refused and change nothing', async () => {
    const { t, session, request } = await fresh();
    await using _ = t;
    request.setHeader('Subject', 'fine');
    expect(codeOf(() => request.setHeader('Subject', 'a\r\nEvil: 1'))).toBe('SIP_ERR_HEADER_INJECTION');
    expect(codeOf(() => request.getFrom().setDisplayName('a\nb'))).toBe('SIP_ERR_HEADER_INJECTION');
    expect(request.getHeader('Subject')).toBe('fine');
    session.invalidate();
  });

  test('From and To change by their addresses on an uncommitted request only, the tag never (RFC 4916)', async () => {
    const { t, session, request } = await fresh('MESSAGE');
    await using _ = t;
    const from = request.getFrom();
    expect(codeOf(() => from.setParameter('tag', 'x'))).toBe('CTR_ERR_TAG');
    from.setDisplayName('Somebody else');
    (from.getURI() as SipURI).setUser('else');
    expect(request.getHeader('From')).toMatch(/^"Somebody else" <sip:else@example\.com>;tag=\w+$/);
    expect(request.getTo().getParameter('tag')).toBeUndefined();
    await request.send();
    expect(codeOf(() => from.setDisplayName('Too late'))).toBe('CTR_ERR_COMMITTED');
    session.invalidate();
    await t.clock.advance('33s');
  });
});

describe('commitment (JSR 289 §5.2)', () => {
  test('a sent request, a sent response and an answered request can be neither changed nor sent again', async () => {
    const { t, app } = await startScript({
      async request(request) {
        if (request.getMethod() !== 'MESSAGE') return;
        expect(request.isCommitted()).toBe(false);
        const response = request.createResponse(200);
        response.setHeader('X-A', '1');
        await response.send();
        expect(request.isCommitted()).toBe(true);
        expect(codeOf(() => response.send())).toBe('CTR_ERR_COMMITTED');
        expect(codeOf(() => response.setHeader('X-A', '2'))).toBe('CTR_ERR_COMMITTED');
        expect(codeOf(() => request.setHeader('X-B', '1'))).toBe('CTR_ERR_COMMITTED');
        expect(codeOf(() => request.send())).toBe('CTR_ERR_NOT_SENDABLE');
        expect(codeOf(() => request.pushRoute(app.factory.createSipURI('a', 'b')))).toBe('CTR_ERR_PUSH_ROUTE');
      },
    });
    await using _ = t;
    const answer = await t.phone('sip:alice@example.com').sendRequest('MESSAGE', 'sip:x@example.com');
    expect(answer.headers['x-a']).toBe('1');
    const session = app.factory.createApplicationSession();
    const request = app.factory.createRequest(session, 'MESSAGE', 'sip:me@example.com', 'sip:raw@10.0.0.71');
    await request.send();
    expect(codeOf(() => request.send())).toBe('CTR_ERR_COMMITTED');
    expect(codeOf(() => request.setContent('x', 'text/plain'))).toBe('CTR_ERR_COMMITTED');
    expect(codeOf(() => request.setRequestURI(app.factory.createURI('sip:x@y')))).toBe('CTR_ERR_COMMITTED');
    session.invalidate();
    await expectNoLeaks(t);
  });

  test('createAck is for a 2xx to an INVITE and works once', async () => {
    const codes: string[] = [];
    const { t, app } = await startScript({
      async response(response) {
        if (response.getMethod() !== 'INVITE') {
          codes.push(codeOf(() => response.createAck()));
          return;
        }
        codes.push(String(response.isCommitted()));
        if (response.getStatus() !== 200) {
          codes.push(codeOf(() => response.createAck()));
          return;
        }
        const ack = response.createAck();
        codes.push(
          String(response.isCommitted()),
          codeOf(() => response.createAck()),
        );
        await ack.send();
        codes.push(codeOf(() => ack.send()));
        await response.getSession().createRequest('BYE').send();
      },
    });
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    const session = app.factory.createApplicationSession();
    await app.factory.createRequest(session, 'INVITE', 'sip:me@example.com', 'sip:raw@10.0.0.71').send();
    await t.settled();
    await peer.respond(peer.last('INVITE'), 180);
    await peer.respond(peer.last('INVITE'), 200);
    await peer.respond(peer.last('BYE'), 200);
    expect(codes).toEqual([
      'true',
      'CTR_ERR_CREATE_ACK',
      'false',
      'true',
      'CTR_ERR_CREATE_ACK',
      'CTR_ERR_COMMITTED',
      'CTR_ERR_CREATE_ACK',
    ]);
    const [invite, ack] = [peer.last('INVITE'), peer.last('ACK')];
    expect(ack.headers.via?.branch).not.toBe(invite.headers.via?.branch);
    await expectNoLeaks(t);
  });

  test('createRequest of a session: only what it may make, and not while its first request is open', async () => {
    const { t, session, request } = await fresh('MESSAGE');
    await using _ = t;
    const sip = request.getSession();
    for (const method of ['ACK', 'CANCEL', 'PRACK']) {
      expect(codeOf(() => sip.createRequest(method))).toBe('CTR_ERR_CREATE_METHOD');
    }
    await request.send();
    expect(codeOf(() => sip.createRequest('MESSAGE'))).toBe('CTR_ERR_SESSION_STATE');
    expect(codeOf(() => sip.setHandler('Nobody'))).toBe('CTR_ERR_HANDLER_UNKNOWN');
    session.invalidate();
    expect(codeOf(() => sip.createRequest('MESSAGE'))).toBe('CTR_ERR_SESSION_INVALID');
    await expectNoLeaks(t);
  });
});

describe('what the factory makes (JSR 289 §15.3)', () => {
  test('a request with its own Call-ID and tag, no To tag, Max-Forwards 70 and the To URI as Request-URI', async () => {
    const { t, session, request } = await fresh();
    await using _ = t;
    expect(request.getRequestURI().toString()).toBe('sip:raw@10.0.0.71;user=phone');
    expect(request.getFrom().getParameter('tag')).not.toBe('mine');
    expect(request.getTo().getParameter('tag')).toBeUndefined();
    expect(request.getMaxForwards()).toBe(70);
    expect(request.isInitial()).toBe(false);
    session.invalidate();
  });

  test('refuses ACK, PRACK, CANCEL and text that is no address', async () => {
    const { t, app, session } = await fresh();
    await using _ = t;
    for (const method of ['ACK', 'PRACK', 'CANCEL']) {
      expect(codeOf(() => app.factory.createRequest(session, method, 'sip:a@b', 'sip:c@d'))).toBe(
        'CTR_ERR_CREATE_METHOD',
      );
    }
    expect(codeOf(() => app.factory.createRequest(session, 'INVITE', 'no address', 'sip:c@d'))).toBe(
      'CTR_ERR_ADDRESS_UNPARSABLE',
    );
    expect(codeOf(() => app.factory.createURI('::'))).toBe('CTR_ERR_URI_UNPARSABLE');
    session.invalidate();
  });

  test('addresses: parameters inside the brackets are the URI’s, outside the header’s', async () => {
    const { t, app, session } = await fresh();
    await using _ = t;
    const address = app.factory.createAddress(
      '"Bob \\"B\\"" <sip:b%20b@example.com;transport=tcp>;q=0.5;expires=60;x="a b"',
    );
    expect(address.getDisplayName()).toBe('Bob "B"');
    expect((address.getURI() as SipURI).getUser()).toBe('b b');
    expect((address.getURI() as SipURI).getTransportParam()).toBe('tcp');
    expect(address.getParameter('transport')).toBeUndefined();
    expect([address.getQ(), address.getExpires(), address.getParameter('x')]).toEqual([0.5, 60, 'a b']);
    expect(codeOf(() => address.setQ(2))).toBe('CTR_ERR_Q');
    expect(app.factory.createAddress('*').isWildcard()).toBe(true);
    const other = app.factory.createAddress(app.factory.createURI('sip:b%20b@EXAMPLE.com;transport=tcp'));
    expect(other.getURI().equals(address.getURI())).toBe(true);
    expect(other.equals(address)).toBe(false);
    const uri = app.factory.createSipURI('zo\u00eb x', 'example.com');
    expect(uri.toString()).toBe('sip:zo%C3%AB%20x@example.com');
    session.invalidate();
  });
});

describe('bodies', () => {
  test('text is text, everything else bytes; both arrive as they were', async () => {
    const bytes = Uint8Array.from([0, 1, 13, 10, 255, 128]);
    const { t, app } = await startScript({
      async request(request) {
        await request.createResponse(200).send();
      },
    });
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    const session = app.factory.createApplicationSession();
    const send = async (fill: (request: SipServletRequest) => void): Promise<void> => {
      const request = app.factory.createRequest(session, 'MESSAGE', 'sip:me@example.com', 'sip:raw@10.0.0.71');
      fill(request);
      await request.send();
      await t.settled();
      await peer.respond(peer.last('MESSAGE'), 200);
    };
    session.setInvalidateWhenReady(false);
    await send((request) => request.setContent('Grüße', 'text/plain'));
    expect(Buffer.from(peer.last('MESSAGE').body).toString()).toBe('Grüße');
    await send((request) => request.setContent(bytes, 'application/octet-stream'));
    expect(peer.last('MESSAGE').body).toEqual(bytes);
    await peer.request('MESSAGE', { headers: ['Content-Type: text/plain'], body: 'hello' });
    expect(app.request('MESSAGE').getContent()).toBe('hello');
    await peer.request('MESSAGE', { headers: ['Content-Type: application/sdp'], body: 'v=0\r\n', callId: 'b' });
    expect(app.request('MESSAGE').getContent()).toEqual(new TextEncoder().encode('v=0\r\n'));
    expect(codeOf(() => app.request('MESSAGE').createResponse(200))).toBe('CTR_ERR_ANSWERED');
    session.invalidate();
    await expectNoLeaks(t);
  });
});

describe('the Contact of the container', () => {
  test('is the advertised address of the flow, keeps the user part, and is absent from REGISTER and MESSAGE', async () => {
    const { t, app } = await startScript({}, { sip: {}, listen: ['udp://0.0.0.0:5060', 'tcp://0.0.0.0:5060'] });
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    const session = app.factory.createApplicationSession();
    for (const method of ['INVITE', 'REGISTER', 'MESSAGE']) {
      await app.factory.createRequest(session, method, 'sip:me@example.com', 'sip:raw@10.0.0.71').send();
      await t.settled();
    }
    expect(peer.last('INVITE').headers.getAll('Contact')).toEqual(['<sip:10.0.0.1:5060>']);
    expect(peer.last('REGISTER').headers.has('Contact')).toBe(false);
    expect(peer.last('MESSAGE').headers.has('Contact')).toBe(false);
    session.invalidate();
    await t.clock.advance('40s');
  });

  test('the application may set its user part, display name and private parameters, nothing else', async () => {
    const { t, app } = await startScript({
      async request(request) {
        if (request.getMethod() !== 'INVITE') return;
        const busy = request.createResponse(180);
        const own = busy.getAddressHeader('Contact')?.getURI() as SipURI | undefined;
        own?.setUser('desk');
        await busy.send();
        const moved = request.createResponse(302);
        moved.setAddressHeader('Contact', app.factory.createAddress('<sip:new@elsewhere.example>;q=0.5'));
        await moved.send();
      },
    });
    await using _ = t;
    const peer = await RawPeer.open(t, '10.0.0.71');
    const session = app.factory.createApplicationSession();
    const request = app.factory.createRequest(session, 'INVITE', 'sip:me@example.com', 'sip:raw@10.0.0.71');
    const contact = request.getAddressHeader('Contact');
    const uri = contact?.getURI() as SipURI;
    uri.setUser('me');
    contact?.setDisplayName('Me');
    contact?.setParameter('+x', 'y');
    for (const change of [
      () => uri.setHost('evil.example'),
      () => uri.setPort(1),
      () => uri.setMAddrParam('1.2.3.4'),
      () => uri.setLrParam(true),
      () => contact?.setURI(uri),
    ]) {
      expect(codeOf(change)).toBe('CTR_ERR_CONTACT_PART');
    }
    await request.send();
    await t.settled();
    expect(peer.last('INVITE').headers.getAll('Contact')).toEqual(['Me <sip:me@10.0.0.1:5060>;+x=y']);
    session.invalidate();
    await peer.respond(peer.last('INVITE'), 486);
    await peer.request('INVITE');
    expect(peer.responses.map(({ headers }) => headers.get('Contact'))).toEqual([
      '<sip:desk@10.0.0.1:5060>',
      '<sip:new@elsewhere.example>;q=0.5',
    ]);
    await expectNoLeaks(t);
  });
});

describe('views of headers', () => {
  test('an address or a parameterable of a message writes through while the message may change', async () => {
    const { t, session, request } = await fresh('MESSAGE');
    await using _ = t;
    request.setHeader('Reply-To', '<sip:a@example.com>');
    request.addHeader('Accept', 'text/plain;q=0.5, text/html');
    request.getAddressHeader('Reply-To')?.setParameter('x', 'a b');
    expect(request.getHeader('Reply-To')).toBe('<sip:a@example.com>;x="a b"');
    const accept = [...request.getParameterableHeaders('Accept')];
    expect(accept.map((one) => [one.getValue(), one.getParameter('q')])).toEqual([
      ['text/plain', '0.5'],
      ['text/html', undefined],
    ]);
    accept[1]?.setParameter('level', '1');
    expect([...request.getHeaders('Accept')]).toEqual(['text/plain;q=0.5', 'text/html;level=1']);
    expect(accept[1]?.clone().equals(accept[1])).toBe(true);
    const value = request.getParameterableHeader('Accept');
    await request.send();
    expect(codeOf(() => value?.setParameter('q', '1'))).toBe('CTR_ERR_COMMITTED');
    session.invalidate();
    await t.clock.advance('33s');
  });
});
