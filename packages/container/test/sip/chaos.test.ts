import { describe, expect, test } from '@jest/globals';
import type { SipServletRequest, SipURI } from '@siplet/api';
import { seededRandom } from '@siplet/testing';
import type { IncomingCall, OutgoingCall, TestContainer } from '@siplet/testing';
import { expectNoLeaks } from './support/nothing-left.ts';
import { type Script, startScript } from './support/script-app.ts';

/** Registrar; odd callees through a record-routing proxy, even ones through a back-to-back user agent. */
function switchboard(): Script {
  const contacts = new Map<string, SipServletRequest>();
  return {
    async request(request, app) {
      const method = request.getMethod();
      if (method === 'REGISTER') {
        contacts.set((request.getTo().getURI() as SipURI).getUser() ?? '', request);
        await request.createResponse(200).send();
        return;
      }
      if (!request.isInitial()) {
        await inDialog(request);
        return;
      }
      const user = (request.getRequestURI() as SipURI).getUser() ?? '';
      const contact = contacts.get(user.slice(1))?.getAddressHeader('Contact')?.getURI();
      if (contact === undefined) {
        await request.createResponse(404).send();
      } else if (user.startsWith('p')) {
        const proxy = request.getProxy();
        proxy.setRecordRoute(true);
        await proxy.proxyTo(app.factory.createURI(contact.toString()));
      } else {
        const leg = request.getB2buaHelper().createRequest(request, true);
        leg.setRequestURI(app.factory.createURI(contact.toString()));
        await leg.send();
      }
    },
    async response(response) {
      if (response.getProxy() !== undefined || response.getRequest().getB2buaHelper === undefined) return;
      if (response.getMethod() !== 'INVITE') return;
      const helper = response.getRequest().getB2buaHelper();
      if (response.getStatus() >= 200 && response.getStatus() < 300) await response.createAck().send();
      const original = helper.getLinkedSipServletRequest(response.getRequest());
      if (original === undefined || original.isCommitted()) {
        if (response.getStatus() >= 200 && response.getStatus() < 300) {
          await response.getSession().createRequest('BYE').send();
        }
        return;
      }
      const relayed = original.createResponse(response.getStatus());
      const body = response.getRawContent();
      if (body !== undefined) relayed.setContent(body, response.getContentType());
      await relayed.send();
    },
  };
}

async function inDialog(request: SipServletRequest): Promise<void> {
  if (request.isCommitted() && request.getMethod() !== 'CANCEL') return; // a proxy forwards it
  const method = request.getMethod();
  if (method === 'ACK') return;
  const session = request.getSession();
  if (method === 'CANCEL') {
    const helper = attempt(() => request.getB2buaHelper());
    const linked = helper?.getLinkedSession(session);
    if (helper === undefined || linked === undefined) return;
    await attempt(() => helper.createCancel(linked))?.send();
    return;
  }
  await request.createResponse(200).send();
  if (method !== 'BYE') return;
  const linked = request.getB2buaHelper().getLinkedSession(session);
  if (linked === undefined || !linked.isValid()) return;
  await attempt(() => linked.createRequest('BYE'))?.send();
}

/** What a careful application does about the races of the JSR: a refused call is no drama. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

async function randomCall(t: TestContainer, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const transports = ['udp', 'tcp', 'ws'] as const;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
  const alice = t.phone('sip:alice@example.com', { transport: pick(transports) });
  const bob = t.phone('sip:bob@example.com', { transport: pick(transports) });
  await bob.register();
  t.net.lose(random.next() * 0.25);
  t.net.delay(5 + random.next() * 40, random.next() * 60);
  t.net.duplicate(random.next() * 0.2);
  t.net.reorder(random.next() * 0.2);
  bob.onInvite(
    pick([
      { act: 'answer' },
      { act: 'answer', ringFor: 2000 },
      { act: 'reject', status: 486, ringFor: 500 },
      { act: 'ring' },
      { act: 'ignore' },
      { act: 'vanish', ringFor: 700 },
    ] as const),
  );
  const call = alice.call(`sip:${pick(['p', 'b'])}bob@example.com`);
  const moves = 1 + Math.floor(random.next() * 3);
  for (let i = 0; i < moves; i++) {
    await t.clock.advance(Math.floor(random.next() * 4000));
    move(pick(['hangUp', 'calleeHangsUp', 'nothing', 'both']), call, bob.calls.at(-1) as IncomingCall | undefined);
  }
  await t.clock.advance('2m');
}

function move(what: string, call: OutgoingCall, incoming: IncomingCall | undefined): void {
  if (what === 'hangUp' || what === 'both') call.hangUp().catch(() => undefined);
  if (what === 'calleeHangsUp' || what === 'both') incoming?.hangUp().catch(() => undefined);
}

describe('calls on a bad network, with people who hang up whenever they like', () => {
  test.each(Array.from({ length: 40 }, (_, i) => i + 1))('seed %i: nothing breaks and nothing stays', async (seed) => {
    const { t } = await startScript(switchboard(), { sessionTimeout: 3, seed });
    await using _ = t;
    await randomCall(t, seed);
    await t.clock.advance('5m');
    expect(t.log.filter((line) => line.level >= 50)).toEqual([]);
    await expectNoLeaks(t);
  });
});
