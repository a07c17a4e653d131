import { describe, expect, test } from '@jest/globals';
import { createResponseFor } from '@siplet/sip';
import { Bench, answer, flow, incoming, request } from '../support.ts';

const DOUBLING = [0, 500, 1500, 3500, 7500, 15_500, 31_500];
const CAPPED = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
const at = (times: number[], line: string): string[] => times.map((time) => `${time} ${line}`);

describe('client transactions', () => {
  test('an unanswered INVITE is sent at 0, 0.5, 1.5 … 31.5 s and times out at 32 s (RFC 3261 §17.1.1.2)', () => {
    const bench = new Bench();
    bench.engine.send(request(), flow(), 0);
    bench.until(31_999);
    expect(bench.out.takeSent()).toEqual(at(DOUBLING, 'INVITE sip:bob@example.com'));
    expect(bench.out.takeEvents()).toEqual([]);
    bench.until(32_000);
    expect(bench.out.takeEvents()).toEqual(['timeout', 'terminated']);
    bench.until(100_000);
    expect(bench.out.takeSent()).toEqual([]);
    expect(bench.engine.counts()).toEqual({ client: 0, server: 0, accepted: 0, timers: 0 });
    expect(bench.engine.nextTimeout()).toBe(Infinity);
  });

  test('over TCP an unanswered INVITE is sent once and times out at 32 s', () => {
    const bench = new Bench();
    bench.engine.send(request(), flow('TCP'), 0);
    bench.until(32_000);
    expect(bench.out.takeSent()).toEqual(['0 INVITE sip:bob@example.com']);
    expect(bench.out.takeEvents()).toEqual(['timeout', 'terminated']);
  });

  test('an unanswered OPTIONS is repeated at most every 4 s and times out at 32 s (RFC 3261 §17.1.2.2)', () => {
    const bench = new Bench();
    bench.engine.send(request('OPTIONS'), flow(), 0);
    bench.until(40_000);
    expect(bench.out.takeSent()).toEqual(at(CAPPED, 'OPTIONS sip:bob@example.com'));
    expect(bench.out.takeEvents()).toEqual(['timeout', 'terminated']);
    expect(bench.engine.counts().client).toBe(0);
  });

  test('after a 1xx a non-INVITE goes on every T2 and Timer F still ends it (RFC 3261 §17.1.2.2)', () => {
    const bench = new Bench();
    bench.engine.send(request('OPTIONS'), flow(), 0);
    bench.until(700);
    bench.receive(answer(bench.out.sent[0]?.text ?? '', 100));
    bench.until(40_000);
    expect(bench.out.takeSent()).toEqual(
      at([0, 500, 1500, 5500, 9500, 13_500, 17_500, 21_500, 25_500, 29_500], 'OPTIONS sip:bob@example.com'),
    );
    expect(bench.out.takeEvents()).toEqual(['100', 'timeout', 'terminated']);
  });

  test('a 180 ends the INVITE retransmissions and its time limit', () => {
    const bench = new Bench();
    bench.engine.send(request(), flow(), 0);
    bench.until(100);
    bench.receive(answer(bench.out.sent[0]?.text ?? '', 180));
    bench.until(170_000);
    expect(bench.out.takeSent()).toHaveLength(1);
    expect(bench.out.takeEvents()).toEqual(['180']);
    expect(bench.engine.counts()).toMatchObject({ client: 1, timers: 0 });
  });

  test('a 486 is acknowledged, each repetition again, for 32 s (Timer D)', () => {
    const bench = new Bench();
    bench.engine.send(request(), flow(), 0);
    const busy = answer(bench.out.sent[0]?.text ?? '', 486);
    bench.receive(busy);
    bench.until(500);
    bench.receive(busy);
    bench.until(31_999);
    expect(bench.out.takeSent()).toEqual([
      '0 INVITE sip:bob@example.com',
      '0 ACK sip:bob@example.com',
      '500 ACK sip:bob@example.com',
    ]);
    expect(bench.out.takeEvents()).toEqual(['486']);
    bench.until(32_000);
    expect(bench.out.takeEvents()).toEqual(['terminated']);
  });

  test('a 2xx keeps the INVITE in accepted for 64*T1, on TCP too (RFC 6026 Timer M)', () => {
    for (const protocol of ['UDP', 'TCP'] as const) {
      const bench = new Bench();
      const invite = bench.engine.send(request(), flow(protocol), 0);
      bench.receive(answer(bench.out.sent[0]?.text ?? '', 200), flow(protocol));
      bench.until(31_999);
      expect(invite.state).toBe('accepted');
      expect(bench.engine.counts()).toMatchObject({ client: 1, accepted: 1 });
      bench.until(32_000);
      expect(bench.out.takeEvents()).toEqual(['200', 'terminated']);
    }
  });

  test('a final response to OPTIONS is passed once and absorbed for T4 (Timer K)', () => {
    const bench = new Bench();
    bench.engine.send(request('OPTIONS'), flow(), 0);
    const ok = answer(bench.out.sent[0]?.text ?? '', 200);
    bench.receive(ok);
    bench.receive(ok);
    bench.until(4999);
    expect(bench.out.takeEvents()).toEqual(['200']);
    bench.until(5000);
    expect(bench.out.takeEvents()).toEqual(['terminated']);
    bench.receive(ok);
    expect(bench.out.takeEvents()).toEqual(['strayResponse']);
  });

  test('T1, T2 and T4 can be chosen per engine', () => {
    const bench = new Bench({ timers: { t1: 100, t2: 200 } });
    bench.engine.send(request('OPTIONS'), flow(), 0);
    bench.until(900);
    expect(bench.out.takeSent()).toEqual(at([0, 100, 300, 500, 700, 900], 'OPTIONS sip:bob@example.com'));
  });

  test('a late call of advance sends one retransmission, not a burst', () => {
    const bench = new Bench();
    bench.engine.send(request(), flow(), 0);
    bench.engine.advance(10_000);
    expect(bench.out.takeSent()).toHaveLength(2);
    expect(bench.engine.nextTimeout()).toBe(11_000);
  });
});

describe('server transactions', () => {
  test('an INVITE nobody answers gets 100 after 200 ms, once (RFC 3261 §17.2.1)', () => {
    const bench = new Bench();
    bench.receive(incoming('INVITE', { extra: ['Timestamp: 54'] }));
    bench.until(199);
    expect(bench.out.sent).toEqual([]);
    bench.receive(incoming());
    expect(bench.out.sent).toEqual([]); // nothing to repeat yet
    bench.until(10_000);
    expect(bench.out.sent[0]?.text).toContain('\r\nTimestamp: 54\r\n');
    bench.receive(incoming());
    expect(bench.out.takeSent()).toEqual(['200 100 Trying', '10000 100 Trying']);
    expect(bench.out.takeEvents()).toEqual(['request']);
  });

  test('a 180 in time takes the place of the 100', () => {
    const bench = new Bench();
    bench.receive(incoming());
    bench.until(150);
    const { transaction } = bench.event('request');
    bench.engine.respond(transaction, createResponseFor(transaction.request, 180, undefined, 'b'), 150);
    bench.until(5000);
    expect(bench.out.takeSent()).toEqual(['150 180 Ringing']);
  });

  test('a 486 is repeated at 0.5, 1.5, 3.5 … every 4 s until Timer H (RFC 3261 §17.2.1)', () => {
    const bench = new Bench();
    bench.receive(incoming());
    const { transaction } = bench.event('request');
    bench.engine.respond(transaction, createResponseFor(transaction.request, 486, undefined, 'b'), 0);
    bench.until(60_000);
    expect(bench.out.takeSent()).toEqual(at(CAPPED, '486 Busy Here'));
    expect(bench.out.takeEvents()).toEqual(['request', 'terminated']);
    expect(bench.engine.counts()).toEqual({ client: 0, server: 0, accepted: 0, timers: 0 });
  });

  test('over TCP a 486 is sent once', () => {
    const bench = new Bench();
    bench.receive(incoming('INVITE', { via: 'Via: SIP/2.0/TCP 192.0.2.2:5062;branch=z9hG4bKpeer' }), flow('TCP'));
    const { transaction } = bench.event('request');
    bench.engine.respond(transaction, createResponseFor(transaction.request, 486, undefined, 'b'), 0);
    bench.until(60_000);
    expect(bench.out.takeSent()).toEqual(['0 486 Busy Here']);
  });

  test('the ACK of a 486 ends the repetition; 5 s later (Timer I) all is gone', () => {
    const bench = new Bench();
    bench.receive(incoming());
    const { transaction } = bench.event('request');
    bench.engine.respond(transaction, createResponseFor(transaction.request, 486, undefined, 'b'), 0);
    bench.until(600);
    bench.receive(incoming('ACK', { toTag: 'b' }));
    bench.receive(incoming('ACK', { toTag: 'b' }));
    bench.until(5599);
    expect(transaction.state).toBe('confirmed');
    bench.until(5600);
    expect(bench.out.takeSent()).toEqual(['0 486 Busy Here', '500 486 Busy Here']);
    expect(bench.out.takeEvents()).toEqual(['request', 'terminated']);
  });

  test('a 200 is repeated T1…T2 on every transport and a lost ACK is reported at 32 s (RFC 3261 §13.3.1.4)', () => {
    for (const protocol of ['UDP', 'TCP'] as const) {
      const bench = new Bench();
      const via = `Via: SIP/2.0/${protocol} 192.0.2.2:5062;branch=z9hG4bKpeer`;
      bench.receive(incoming('INVITE', { via }), flow(protocol));
      const { transaction } = bench.event('request');
      bench.engine.respond(transaction, createResponseFor(transaction.request, 200, undefined, 'b'), 0);
      bench.until(60_000);
      expect(bench.out.takeSent()).toEqual(at(CAPPED, '200 OK'));
      expect(bench.out.takeEvents()).toEqual(['request', 'noAck', 'terminated']);
      expect(bench.engine.counts()).toEqual({ client: 0, server: 0, accepted: 0, timers: 0 });
    }
  });

  test('a proxied 200 is not repeated by this element and nobody waits for its ACK', () => {
    const bench = new Bench();
    bench.receive(incoming());
    const { transaction } = bench.event('request');
    bench.engine.respond(transaction, createResponseFor(transaction.request, 200, undefined, 'b'), 0, {
      retransmit2xx: false,
    });
    bench.until(60_000);
    expect(bench.out.takeSent()).toEqual(['0 200 OK']);
    expect(bench.out.takeEvents()).toEqual(['request', 'terminated']);
  });

  test('a non-INVITE nobody answers gets 100 when Timer E reaches T2, and is forgotten at 64*T1 without 408 (RFC 4320)', () => {
    const bench = new Bench();
    bench.receive(incoming('OPTIONS'));
    const { transaction } = bench.event('request');
    bench.until(40_000);
    expect(bench.out.takeSent()).toEqual(['3500 100 Trying']);
    expect(bench.out.takeEvents()).toEqual(['request', 'terminated']);
    bench.engine.respond(transaction, createResponseFor(transaction.request, 200, undefined, 'b'), 40_000);
    expect(bench.out.takeSent()).toEqual([]);
  });

  test('408 to a non-INVITE ends it silently; provisional responses are held back (RFC 4320 §4)', () => {
    const bench = new Bench();
    bench.receive(incoming('OPTIONS'));
    const { transaction } = bench.event('request');
    bench.engine.respond(transaction, createResponseFor(transaction.request, 183), 0);
    bench.engine.respond(transaction, createResponseFor(transaction.request, 100), 0);
    bench.engine.respond(transaction, createResponseFor(transaction.request, 408), 0);
    bench.until(40_000);
    expect(bench.out.takeSent()).toEqual([]);
    expect(bench.out.takeEvents()).toEqual(['request', 'terminated']);
    expect(transaction.finalStatus).toBe(408);
  });

  test('an answered OPTIONS repeats its answer to repetitions for 32 s (Timer J)', () => {
    const bench = new Bench();
    bench.receive(incoming('OPTIONS'));
    const { transaction } = bench.event('request');
    bench.receive(incoming('OPTIONS'));
    bench.engine.respond(transaction, createResponseFor(transaction.request, 200, undefined, 'b'), 0);
    bench.until(500);
    bench.receive(incoming('OPTIONS'));
    bench.until(31_999);
    expect(bench.out.takeSent()).toEqual(['0 200 OK', '500 200 OK']);
    bench.until(32_000);
    expect(bench.out.takeEvents()).toEqual(['request', 'terminated']);
  });
});
