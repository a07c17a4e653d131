import { describe, expect, test } from '@jest/globals';
import {
  SipRequest,
  createAck,
  createDialogRequest,
  createResponseFor,
  dialogFromResponse,
  parseUri,
  updateDialogFromResponse,
} from '@siplet/sip';
import type { DialogState, EngineEvent } from '@siplet/sip';
import { EngineHost } from '@siplet/transport';
import { Phone, expectLadder, ladderSteps, seededRandom, virtualPorts } from '@siplet/testing';
import type { PhoneOptions } from '@siplet/testing';

const SDP = 'v=0\r\ns=engine\r\n';

/** An engine on the virtual network that answers calls, and can make one. */
async function world(seed: number | string = 1) {
  const ports = virtualPorts({ seed, address: '10.0.0.1' });
  const { clock, net } = ports;
  net.label('10.0.0.1', 'engine');
  const events: EngineEvent[] = [];
  const host = new EngineHost(
    { ports, listen: [{ uri: 'udp://10.0.0.1:5060' }, { uri: 'tcp://10.0.0.1:5060' }] },
    {
      event: (event) => {
        events.push(event);
        if (event.type === 'request') answer(event);
        else if (event.type === 'cancel')
          host.respond(event.cancelled, createResponseFor(event.cancelled.request, 487, undefined, 'e'));
      },
      flowClosed: () => undefined,
    },
  );
  const answer = ({ request, transaction, flow }: Extract<EngineEvent, { type: 'request' }>): void => {
    if (request.method !== 'INVITE') {
      host.respond(transaction, createResponseFor(request, 200, undefined, 'e'));
      return;
    }
    const { host: name, port, transport } = host.advertisedFor(flow);
    const respond = (status: number): void => {
      if (transaction.finalStatus !== undefined) return;
      const response = createResponseFor(request, status, undefined, 'e');
      response.headers.set('Contact', `<sip:engine@${name}:${port};transport=${transport}>`);
      response.headers.set('Content-Type', 'application/sdp');
      if (status === 200) response.body = Buffer.from(SDP);
      host.respond(transaction, response);
    };
    if (request.uriText.startsWith('sip:busy@')) respond(486);
    else respond(180);
    if (request.uriText.startsWith('sip:echo@')) clock.setTimer(1000, () => respond(200));
  };
  await host.start();
  const random = seededRandom(seed);
  const server = { address: '10.0.0.1', port: 5060 };
  const openWebSocket = (address: string) => {
    const pair = net.webSocket(address, { address: '10.0.0.1', port: 8080 });
    host.acceptWebSocket(pair.server, { host: '10.0.0.1', port: 8080, secure: false });
    return pair.client;
  };
  const phone = (options: PhoneOptions = {}): Phone =>
    new Phone(
      'sip:alice@example.com',
      { clock, net, random, server, openWebSocket },
      { address: '10.0.0.11', ...options },
    );
  return { clock, net, host, events, phone };
}

const kinds = (events: readonly EngineEvent[]): string[] =>
  events
    .map((event) => (event.type === 'request' ? event.request.method : event.type))
    .filter((kind) => kind !== 'terminated');

/** Makes the engine call the phone, and acknowledge when it answers. */
function callPhone(
  { host, events }: Awaited<ReturnType<typeof world>>,
  uriText: string,
  onAnswer: (dialog: DialogState) => void = () => undefined,
): void {
  const invite = new SipRequest('INVITE', uriText);
  invite.headers.set('From', '<sip:engine@example.com>;tag=e1');
  invite.headers.set('To', `<${uriText}>`);
  invite.headers.set('Call-ID', 'from-the-engine');
  invite.headers.set('CSeq', '1 INVITE');
  invite.headers.set('Max-Forwards', '70');
  invite.headers.set('Contact', '<sip:engine@10.0.0.1:5060>');
  const flow = host.flowTo(parseUri(uriText));
  if (flow instanceof Promise) throw new Error('a literal address needs no lookup');
  const transaction = host.send(invite, flow);
  const seen = events.push.bind(events);
  events.push = (...added) => {
    for (const event of added) {
      if (event.type !== 'response' || event.transaction !== transaction || event.retransmission) continue;
      if (event.response.status < 200 || event.response.status >= 300) continue;
      const dialog = dialogFromResponse(invite, event.response);
      updateDialogFromResponse(dialog, invite, event.response);
      const ack = createAck(invite, event.response, dialog);
      ack.headers.set('Content-Type', 'application/sdp');
      ack.body = Buffer.from(SDP);
      host.sendAck(ack, transaction, event.flow);
      onAnswer(dialog);
    }
    return seen(...added);
  };
}

describe('phones and our engine', () => {
  test.each(['udp', 'tcp', 'ws'] as const)('a phone calls over %s and hangs up', async (transport) => {
    const { phone, events, host, clock } = await world();
    const alice = phone({ transport });
    const call = await alice.call('sip:echo@10.0.0.1').connected();
    expect(call.media.remote).toBe(SDP);
    await call.hangUp();
    expect(kinds(events)).toEqual(['INVITE', 'ack', 'BYE']);
    await clock.advance('1m');
    expect(host.engine.counts()).toEqual({ client: 0, server: 0, accepted: 0, timers: 0 });
    await host.stop();
  });

  test('a busy engine', async () => {
    const { phone, events } = await world();
    const call = await phone().call('sip:busy@10.0.0.1').ended();
    expect([call.state, call.status]).toEqual(['failed', 486]);
    expect(kinds(events)).toEqual(['INVITE']);
  });

  test('CANCEL is answered 200, the INVITE 487, and the ACK to it is absorbed (RFC 3261 §9.2)', async () => {
    const { phone, events, net } = await world();
    const call = phone().call('sip:ring@10.0.0.1');
    await call.ringing();
    await call.cancel();
    await net.quiet();
    expect(call.status).toBe(487);
    expect(kinds(events)).toEqual(['INVITE', 'cancel']);
    expectLadder(
      net,
      `alice -> engine: INVITE (SDP)
       engine -> alice: 180 Ringing
       alice -> engine: CANCEL
       engine -> alice: 200 OK
       engine -> alice: 487 Request Terminated
       alice -> engine: ACK`,
    );
  });

  test.each(Array.from({ length: 20 }, (_, index) => index + 1))(
    '30 %% loss: the call completes, nothing is left (seed %i)',
    async (seed) => {
      const { phone, events, net, host, clock } = await world(seed);
      net.lose(0.3);
      net.delay(20, 60);
      net.duplicate(0.2);
      const call = await phone().call('sip:echo@10.0.0.1').connected();
      await clock.advance('20s');
      await call.hangUp();
      await clock.advance('2m');
      expect(kinds(events).filter((kind) => kind === 'INVITE' || kind === 'ack')).toEqual(['INVITE', 'ack']);
      expect(host.engine.counts()).toEqual({ client: 0, server: 0, accepted: 0, timers: 0 });
    },
  );

  test('a 2xx without ACK is repeated up to 64*T1 and reported (RFC 3261 §13.3.1.4)', async () => {
    const { phone, events, net, clock } = await world();
    const call = phone().call('sip:echo@10.0.0.1');
    await call.ringing();
    net.partition('alice');
    await clock.advance('40s');
    expect(kinds(events)).toEqual(['INVITE', 'noAck']);
    const repeated = ladderSteps(net).find((step) => step.label === '200 OK');
    expect([repeated?.count, repeated?.lost]).toEqual([11, 11]);
  });

  test('the engine calls a phone without an offer, and acknowledges with the answer', async () => {
    const it = await world();
    const bob = it.phone();
    bob.onInvite({ act: 'answer', ringFor: '2s' });
    let dialog: DialogState | undefined;
    callPhone(it, 'sip:alice@10.0.0.11:5060', (made) => (dialog = made));
    const call = await (await bob.nextCall()).connected();
    expect(call.media.remote).toBe(SDP);
    if (dialog === undefined) throw new Error('no dialog');
    const flow = it.host.flowTo(parseUri('sip:alice@10.0.0.11:5060'));
    if (flow instanceof Promise) throw new Error('a literal address needs no lookup');
    it.host.send(createDialogRequest(dialog, 'BYE'), flow);
    await call.ended();
    expect([call.state, call.endedBy]).toEqual(['ended', 'remote']);
  });

  test('a phone whose ACK gets lost: the engine acknowledges each repetition of the 200, and tells its user once', async () => {
    const it = await world();
    const bob = it.phone();
    bob.onInvite({ act: 'ring' });
    let answers = 0;
    callPhone(it, 'sip:alice@10.0.0.11:5060', () => (answers += 1));
    const call = await bob.nextCall();
    it.net.delay(100);
    call.pickUp();
    await it.clock.advance(50); // the 200 is on its way, the ACK will not get through
    it.net.lose(1);
    await it.clock.advance(600);
    it.net.lose(0);
    await call.connected();
    const step = (label: string) => ladderSteps(it.net).find((one) => one.label === label);
    expect([step('200 OK')?.count, step('200 OK')?.lost]).toEqual([3, 1]);
    expect([step('ACK')?.count, step('ACK')?.lost]).toEqual([2, 1]);
    expect(answers).toBe(1);
  });

  test('a phone that never answers is given up after Timer B', async () => {
    const it = await world();
    const bob = it.phone();
    bob.onInvite({ act: 'ignore' });
    callPhone(it, 'sip:alice@10.0.0.11:5060');
    await it.clock.advance('33s');
    expect(kinds(it.events)).toEqual(['timeout']);
    expect(ladderSteps(it.net)[0]?.count).toBe(7);
  });
});
