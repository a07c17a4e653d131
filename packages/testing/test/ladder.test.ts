import { describe, expect, test } from '@jest/globals';
import {
  Phone,
  TestingError,
  expectLadder,
  ladderSteps,
  renderLadder,
  seededRandom,
  virtualPorts,
} from '@siplet/testing';

async function call(transport: 'udp' | 'tcp' = 'udp') {
  const { clock, net } = virtualPorts();
  const random = seededRandom(1);
  const alice = new Phone('sip:alice@example.com', { clock, net, random }, { address: '10.0.0.11', transport });
  const bob = new Phone('sip:bob@example.com', { clock, net, random }, { address: '10.0.0.12', transport });
  bob.onInvite({ act: 'answer', ringFor: '2s' });
  const made = await alice
    .call(transport === 'tcp' ? 'sip:bob@10.0.0.12;transport=tcp' : 'sip:bob@10.0.0.12')
    .connected();
  await net.quiet();
  return { clock, net, alice, bob, made };
}

describe('a ladder', () => {
  test('draws parties, arrows and virtual time', async () => {
    const { net, made } = await call();
    await made.hangUp();
    expect(renderLadder(net).split('\n')).toEqual([
      '                alice                bob',
      '0.000 s           |-- INVITE (SDP) -->|',
      '0.001 s           |<-- 180 Ringing ---|',
      '2.001 s           |<- 200 OK (SDP) ---|',
      '2.002 s           |------- ACK ------>|',
      '2.003 s           |------- BYE ------>|',
      '2.004 s           |<---- 200 OK ------|',
    ]);
  });

  test('reads TCP streams message by message', async () => {
    const { net } = await call('tcp');
    expect(ladderSteps(net).map((step) => step.label)).toEqual(['INVITE', '180 Ringing', '200 OK', 'ACK']);
  });

  test('folds repetitions into the first and counts what was lost', async () => {
    const { net, alice, clock } = await call();
    net.traffic.clear();
    net.partition('alice', 'bob');
    alice.call('sip:bob@10.0.0.12');
    await clock.advance('4s');
    net.heal();
    await clock.advance('1m');
    expect(renderLadder(net, { style: 'list' }).split('\n')[0]).toBe('alice -> bob: INVITE (SDP) ×5 (4 lost)');
  });

  test('matches a template of lines, with ... for any messages and ×* for any repetitions', async () => {
    const { net, clock, bob } = await call();
    expectLadder(
      net,
      `alice → bob: INVITE (SDP)
       bob → alice: 180 Ringing
       ...
       alice → bob: ACK`,
    );
    net.lose(1, ['alice', 'bob']);
    const hungUp = bob.hangUp();
    await clock.advance('40s');
    await hungUp;
    expectLadder({ net }, '...\nbob -> alice: BYE ×* (lost)');
  });

  test('matches a drawing', async () => {
    const { net } = await call();
    const drawing = renderLadder(net, { times: false });
    expect(drawing).toMatch(/\|-+ INVITE \(SDP\) -+>\|/);
    expect(drawing).toMatch(/\|<-+ 180 Ringing -+\|/);
    expectLadder(net, `\n${drawing}\n`);
  });

  test('shows what differs', async () => {
    const { net } = await call();
    const failure = ((): unknown => {
      try {
        expectLadder(net, 'alice -> bob: INVITE (SDP)\nbob -> alice: 183 Session Progress\n...\nalice -> bob: ACK');
        return undefined;
      } catch (error) {
        return error;
      }
    })();
    expect(failure).toBeInstanceOf(TestingError);
    expect(failure).toMatchObject({ code: 'TST_ERR_LADDER' });
    expect(String(failure)).toContain('- bob -> alice: 183 Session Progress');
    expect(() => expectLadder(net, 'alice -> bob: INVITE (SDP)')).toThrow(/\+ bob -> alice: 200 OK/);
    expect(() => expectLadder(net, '...\nalice -> bob: BYE')).toThrow(/- alice -> bob: BYE/);
  });

  test('leaves out methods and earlier messages on request', async () => {
    const { net, made, clock } = await call();
    const sinceMs = clock.now();
    await made.hangUp();
    expect(ladderSteps(net, { sinceMs }).map((step) => step.label)).toEqual(['BYE', '200 OK']);
    expect(ladderSteps(net, { without: ['INVITE', 'ACK'] }).map((step) => step.label)).toEqual(['BYE', '200 OK']);
  });
});
