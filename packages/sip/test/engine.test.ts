import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createResponseFor, type SipResponse, type ServerTransaction } from '@siplet/sip';
import { Bench, answer, bytes, flow, incoming, parseRequest, parseResponse, request, wire } from './support.ts';

const IDLE = { client: 0, server: 0, accepted: 0, timers: 0 };

function reply(transaction: ServerTransaction, status: number, toTag = 'b'): SipResponse {
  return createResponseFor(transaction.request, status, undefined, toTag);
}

function invited(options?: Parameters<typeof incoming>[1]): { bench: Bench; transaction: ServerTransaction } {
  const bench = new Bench();
  bench.receive(incoming('INVITE', options));
  const { transaction } = bench.event('request');
  bench.out.takeEvents();
  return { bench, transaction };
}

describe('CANCEL sent (RFC 3261 §9.1)', () => {
  test('waits for the first provisional response and copies the INVITE', () => {
    const bench = new Bench();
    const message = request();
    message.headers.add('Route', '<sip:proxy.example.com;lr>');
    const invite = bench.engine.send(message, flow(), 0);
    bench.engine.cancel(invite, 0, 'SIP;cause=200');
    bench.engine.cancel(invite, 0);
    expect(bench.out.sent).toHaveLength(1);
    bench.receive(answer(bench.out.sent[0]?.text ?? '', 180));
    const cancel = parseRequest(bench.out.sent[1]?.text ?? '');
    expect(cancel.method).toBe('CANCEL');
    expect(cancel.uriText).toBe('sip:bob@example.com');
    expect(cancel.headers.getAll('Via')).toEqual(message.headers.getAll('Via'));
    for (const name of ['Route', 'From', 'To', 'Call-ID'])
      expect(cancel.headers.get(name)).toBe(message.headers.get(name));
    expect(cancel.headers.get('CSeq')).toBe('1 CANCEL');
    expect(cancel.headers.get('Reason')).toBe('SIP;cause=200');
    expect(bench.out.takeEvents()).toEqual(['180']);
  });

  test('its own transaction is never reported, and the 487 is acknowledged', () => {
    const bench = new Bench();
    const invite = bench.engine.send(request(), flow(), 0);
    const sent = bench.out.sent[0]?.text ?? '';
    bench.receive(answer(sent, 100));
    bench.engine.cancel(invite, 0);
    bench.receive(answer(bench.out.sent[1]?.text ?? '', 200));
    bench.receive(answer(sent, 487));
    bench.until(100_000);
    expect(bench.out.takeEvents()).toEqual(['100', '487', 'terminated']);
    expect(bench.out.takeSent().map((line) => line.split(' ')[1])).toEqual(['INVITE', 'CANCEL', 'ACK']);
    expect(bench.engine.counts()).toEqual(IDLE);
  });

  test('without a final response the INVITE times out 64*T1 after the CANCEL', () => {
    const bench = new Bench();
    const invite = bench.engine.send(request(), flow('TCP'), 0);
    bench.receive(answer(bench.out.sent[0]?.text ?? '', 180), flow('TCP'));
    bench.until(10_000);
    bench.engine.cancel(invite, 10_000);
    bench.until(41_999);
    expect(bench.out.takeEvents()).toEqual(['180']);
    bench.until(42_000);
    expect(bench.out.takeEvents()).toEqual(['timeout', 'terminated']);
    expect(bench.engine.counts()).toEqual(IDLE);
  });

  test('a 2xx that crosses the CANCEL is passed on and can be acknowledged', () => {
    const bench = new Bench();
    const invite = bench.engine.send(request(), flow(), 0);
    const sent = bench.out.sent[0]?.text ?? '';
    bench.receive(answer(sent, 180));
    bench.engine.cancel(invite, 0);
    bench.receive(answer(sent, 200));
    bench.receive(answer(bench.out.sent[1]?.text ?? '', 481));
    expect(bench.out.takeEvents()).toEqual(['180', '200']);
    expect(invite.state).toBe('accepted');
    bench.engine.cancel(invite, 0);
    expect(bench.out.sent).toHaveLength(2);
    bench.until(100_000);
    expect(bench.engine.counts()).toEqual(IDLE);
  });

  test('a held CANCEL is forgotten when a final response comes first', () => {
    const bench = new Bench();
    const invite = bench.engine.send(request(), flow(), 0);
    bench.engine.cancel(invite, 0);
    bench.receive(answer(bench.out.sent[0]?.text ?? '', 486));
    expect(bench.out.takeSent().map((line) => line.split(' ')[1])).toEqual(['INVITE', 'ACK']);
  });

  test('only an INVITE can be cancelled', () => {
    const bench = new Bench();
    const options = bench.engine.send(request('OPTIONS'), flow(), 0);
    expect(() => bench.engine.cancel(options, 0)).toThrow(expect.objectContaining({ code: 'SIP_ERR_METHOD' }));
  });
});

describe('CANCEL received (RFC 3261 §9.2)', () => {
  test('is answered 200 and reported; the user answers 487, both with one To tag', () => {
    const { bench, transaction } = invited();
    bench.receive(incoming('CANCEL'));
    bench.receive(incoming('CANCEL')); // a repetition
    expect(bench.out.takeEvents()).toEqual(['cancel']);
    expect(transaction.toTag).toBe('tag-1');
    bench.engine.respond(transaction, reply(transaction, 487, transaction.toTag), 0);
    const tags = bench.out.sent.map(({ text }) => parseResponse(text).headers.to?.tag);
    expect(tags).toEqual(['tag-1', 'tag-1', 'tag-1']);
    expect(bench.out.takeSent()).toEqual(['0 200 OK', '0 200 OK', '0 487 Request Terminated']);
    bench.receive(incoming('ACK', { toTag: 'tag-1' }));
    bench.until(100_000);
    expect(bench.out.takeEvents()).toEqual(['terminated']);
    expect(bench.engine.counts()).toEqual(IDLE);
  });

  test('after the final response it is answered 200 and changes nothing', () => {
    const { bench, transaction } = invited();
    bench.engine.respond(transaction, reply(transaction, 200), 0);
    bench.receive(incoming('CANCEL'));
    expect(bench.out.takeEvents()).toEqual([]);
    expect(bench.out.takeSent()).toEqual(['0 200 OK', '0 200 OK']);
  });

  test('with an unknown branch, another sent-by or for nothing it gets 481', () => {
    const { bench } = invited();
    bench.receive(incoming('CANCEL', { branch: 'z9hG4bKother' }));
    bench.receive(incoming('CANCEL', { via: 'Via: SIP/2.0/UDP 192.0.2.2:5099;branch=z9hG4bKpeer' }));
    expect(bench.out.takeSent()).toEqual([
      '0 481 Call/Transaction Does Not Exist',
      '0 481 Call/Transaction Does Not Exist',
    ]);
    expect(bench.out.takeEvents()).toEqual([]);
    expect(bench.engine.counts().server).toBe(1);
  });

  test('a stateless answer has the same To tag for a repetition (RFC 3261 §8.2.7)', () => {
    const bench = new Bench();
    bench.receive(incoming('CANCEL'));
    bench.receive(incoming('CANCEL'));
    const [first, second] = bench.out.sent.map(({ text }) => parseResponse(text).headers.to?.tag);
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(second).toBe(first);
  });
});

describe('ACK', () => {
  test('of a 2xx with its own branch is reported once with its INVITE and ends the repetition', () => {
    const { bench, transaction } = invited();
    bench.engine.respond(transaction, reply(transaction, 200), 0);
    bench.until(700);
    for (let i = 0; i < 3; i++) bench.receive(incoming('ACK', { branch: 'z9hG4bKack', toTag: 'b' }));
    const { transaction: confirmed } = bench.event('ack');
    expect(confirmed).toBe(transaction);
    expect(bench.out.takeEvents()).toEqual(['ack']);
    bench.until(60_000);
    expect(bench.out.takeSent()).toEqual(['0 200 OK', '500 200 OK']);
    expect(bench.out.takeEvents()).toEqual(['terminated']);
    expect(bench.engine.counts()).toEqual(IDLE);
  });

  test('of a 2xx with the branch of the INVITE is understood too', () => {
    const { bench, transaction } = invited();
    bench.engine.respond(transaction, reply(transaction, 200), 0);
    bench.receive(incoming('ACK', { toTag: 'b' }));
    expect(bench.out.takeEvents()).toEqual(['ack']);
  });

  test('of a proxied 2xx is reported each time, also for each fork', () => {
    const { bench, transaction } = invited();
    bench.engine.respond(transaction, reply(transaction, 200, 'b1'), 0, { retransmit2xx: false });
    bench.engine.respond(transaction, reply(transaction, 200, 'b2'), 0, { retransmit2xx: false });
    for (const toTag of ['b1', 'b2', 'b2']) bench.receive(incoming('ACK', { branch: `z9hG4bK${toTag}`, toTag }));
    const events = bench.out.events.filter((event) => event.type === 'ack');
    expect(events.map((event) => event.transaction === transaction)).toEqual([true, true, true]);
    expect(bench.out.takeSent()).toHaveLength(2);
  });

  test('that belongs to nothing here is reported without a transaction', () => {
    const bench = new Bench();
    bench.receive(incoming('ACK', { toTag: 'zz' }));
    expect(bench.event('ack').transaction).toBeUndefined();
    expect(bench.out.sent).toEqual([]);
  });

  test('of a 2xx sent by us is sent again for each repetition of that 2xx and no other', () => {
    const bench = new Bench();
    const invite = bench.engine.send(request(), flow(), 0, { owner: 'me' });
    const sent = bench.out.sent[0]?.text ?? '';
    bench.receive(answer(sent, 200, 'fork1'));
    bench.receive(answer(sent, 200, 'fork1')); // before our ACK: nothing to repeat
    const ack = request('ACK');
    ack.headers.set('To', '<sip:bob@example.com>;tag=fork1');
    bench.engine.sendAck(ack, invite, flow(), 0);
    bench.receive(answer(sent, 200, 'fork1'));
    bench.receive(answer(sent, 200, 'fork2'));
    expect(bench.out.takeEvents()).toEqual(['200', '200 again', '200 again', '200']);
    const acks = bench.out.sent.slice(1).map(({ text }) => text);
    expect(acks).toHaveLength(2);
    expect(acks[1]).toBe(acks[0]);
    expect(parseRequest(acks[0] ?? '').headers.via?.branch).toBe('z9hG4bK-2'); // not the INVITE's
    expect(invite.owner).toBe('me');
  });

  test("of a 486 has the INVITE's Via and Route and the response's To (RFC 3261 §17.1.1.3)", () => {
    const bench = new Bench();
    const message = request();
    message.headers.add('Route', '<sip:proxy.example.com;lr>');
    bench.engine.send(message, flow(), 0);
    bench.receive(answer(bench.out.sent[0]?.text ?? '', 486, 'busy'));
    const ack = parseRequest(bench.out.sent[1]?.text ?? '');
    expect(ack.headers.getAll('Via')).toEqual(message.headers.getAll('Via'));
    expect(ack.headers.get('Route')).toBe('<sip:proxy.example.com;lr>');
    expect(ack.headers.to?.tag).toBe('busy');
    expect(ack.headers.get('CSeq')).toBe('1 ACK');
  });

  test('goes through sendAck only', () => {
    const bench = new Bench();
    expect(() => bench.engine.send(request('ACK'), flow(), 0)).toThrow(
      expect.objectContaining({ code: 'SIP_ERR_METHOD' }),
    );
    expect(() => bench.engine.sendAck(request('BYE'), undefined, flow(), 0)).toThrow(
      expect.objectContaining({ code: 'SIP_ERR_METHOD' }),
    );
  });
});

describe('matching', () => {
  test('a repeated request is not new, another sent-by is (RFC 3261 §17.2.3)', () => {
    const { bench } = invited();
    bench.receive(incoming());
    bench.receive(incoming('INVITE', { via: 'Via: SIP/2.0/UDP 192.0.2.2:6000;branch=z9hG4bKpeer' }));
    bench.receive(incoming('INVITE', { via: 'Via: SIP/2.0/UDP other.example.com:5062;branch=z9hG4bKpeer' }));
    expect(bench.out.takeEvents()).toEqual(['request', 'request']);
  });

  test('branches without the magic cookie match by RFC 2543: the next CSeq is a new request', () => {
    const via = 'Via: SIP/2.0/UDP 192.0.2.2:5062;branch=1';
    const { bench } = invited({ via });
    bench.receive(incoming('INVITE', { via }));
    expect(bench.out.takeEvents()).toEqual([]);
    bench.receive(incoming('INVITE', { via, cseq: 2 }));
    expect(bench.out.takeEvents()).toEqual(['request']);
    bench.receive(incoming('CANCEL', { via, cseq: 2 }));
    expect(bench.out.takeEvents()).toEqual(['cancel']);
  });

  test('an RFC 2543 ACK matches by To tag', () => {
    const via = 'Via: SIP/2.0/UDP 192.0.2.2:5062';
    const { bench, transaction } = invited({ via });
    bench.engine.respond(transaction, reply(transaction, 486), 0);
    bench.receive(incoming('ACK', { via, toTag: 'other' }));
    expect(transaction.state).toBe('completed');
    bench.receive(incoming('ACK', { via, toTag: 'b' }));
    expect(transaction.state).toBe('confirmed');
  });

  test('a response is matched by branch and method; others are stray', () => {
    const bench = new Bench();
    bench.engine.send(request('OPTIONS'), flow(), 0);
    const sent = bench.out.sent[0]?.text ?? '';
    bench.receive(answer(sent, 200).replace('1 OPTIONS', '1 BYE'));
    bench.receive(answer(sent, 200).replace('z9hG4bK-1', 'z9hG4bK-9'));
    expect(bench.out.takeEvents()).toEqual(['strayResponse', 'strayResponse']);
  });

  test('a response whose top Via names another element is dropped (RFC 3261 §18.1.2)', () => {
    const bench = new Bench();
    bench.engine.send(request('OPTIONS'), flow(), 0);
    bench.receive(answer(bench.out.sent[0]?.text ?? '', 200).replace('UDP 192.0.2.1:5060', 'UDP 192.0.2.9:5060'));
    expect(bench.out.takeEvents()).toEqual(['drop SIP_ERR_VIA_MISMATCH']);
  });

  test('a 2xx after another final response is stray, so that its dialog can be ended', () => {
    const bench = new Bench();
    bench.engine.send(request(), flow(), 0);
    const sent = bench.out.sent[0]?.text ?? '';
    bench.receive(answer(sent, 486));
    bench.receive(answer(sent, 180));
    bench.receive(answer(sent, 200, 'late'));
    expect(bench.out.takeEvents()).toEqual(['486', 'strayResponse']);
  });

  test('endless forks do not fill the memory', () => {
    const bench = new Bench();
    const invite = bench.engine.send(request(), flow(), 0);
    for (let i = 0; i < 200; i++) bench.receive(answer(bench.out.sent[0]?.text ?? '', 200, `t${i}`));
    expect(invite.accepted?.size).toBe(64);
  });
});

describe('Via', () => {
  test('a sent request carries our sent-by, a fresh branch and rport over UDP', () => {
    const bench = new Bench();
    bench.engine.send(request('OPTIONS'), flow(), 0);
    bench.engine.send(request('OPTIONS'), { ...flow('WS'), sentByHost: 'x.invalid', sentByPort: undefined }, 0, {
      branch: 'z9hG4bKmine',
    });
    const vias = bench.out.sent.map(({ text }) => parseRequest(text).headers.getAll('Via'));
    expect(vias).toEqual([
      ['SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1;rport'],
      ['SIP/2.0/WS x.invalid;branch=z9hG4bKmine'],
    ]);
  });

  test('received and rport tell where a request came from (RFC 3581)', () => {
    const via = (text: string): string | undefined => {
      const bench = new Bench();
      bench.receive(incoming('OPTIONS', { via: `Via: ${text}, SIP/2.0/UDP second.example.com` }));
      const [top, below] = bench.event('request').request.headers.getAll('Via');
      expect(below).toBe('SIP/2.0/UDP second.example.com');
      return top;
    };
    expect(via('SIP/2.0/UDP 192.0.2.2:5062;branch=z9hG4bKa')).toBe('SIP/2.0/UDP 192.0.2.2:5062;branch=z9hG4bKa');
    expect(via('SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKa')).toBe(
      'SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKa;received=192.0.2.2',
    );
    expect(via('SIP/2.0/UDP 192.0.2.2;rport;branch=z9hG4bKa')).toBe(
      'SIP/2.0/UDP 192.0.2.2;rport=5062;branch=z9hG4bKa;received=192.0.2.2',
    );
  });

  test('an IPv6 peer needs no received, with or without brackets', () => {
    const bench = new Bench();
    const via = 'Via: SIP/2.0/UDP [2001:db8::2]:5062;branch=z9hG4bKa';
    bench.receive(incoming('OPTIONS', { via }), { ...flow(), remoteAddress: '2001:DB8::2' });
    expect(bench.event('request').request.headers.getAll('Via')).toEqual([via.slice(5)]);
  });

  test('without rport a UDP response goes to the sent-by port when the host can (RFC 3261 §18.2.2)', () => {
    const bench = new Bench({ replyFlow: (over, port) => ({ ...over, id: `to-${port}`, remotePort: port }) });
    for (const port of [':5062', ':5070', '']) {
      bench.receive(incoming('OPTIONS', { via: `Via: SIP/2.0/UDP 192.0.2.2${port};branch=z9hG4bK${port.slice(1)}x` }));
    }
    bench.receive(incoming('OPTIONS', { via: 'Via: SIP/2.0/UDP 192.0.2.2:5070;rport;branch=z9hG4bKr' }));
    for (const event of bench.out.events) {
      if (event.type === 'request') bench.engine.respond(event.transaction, reply(event.transaction, 200), 0);
    }
    expect(bench.out.sent.map(({ flow: to }) => to.remotePort)).toEqual([5062, 5070, 5060, 5062]);
  });
});

describe('misuse throws at the call and changes nothing', () => {
  test('a second final response', () => {
    const { bench, transaction } = invited();
    bench.engine.respond(transaction, reply(transaction, 486), 0);
    bench.out.takeSent();
    for (const status of [180, 200, 486]) {
      expect(() => bench.engine.respond(transaction, reply(transaction, status), 0)).toThrow(
        expect.objectContaining({ code: 'SIP_ERR_TRANSACTION_STATE', fault: 'local' }),
      );
    }
    expect(bench.out.takeSent()).toEqual([]);
    expect(transaction.finalStatus).toBe(486);
  });

  test('a second 2xx of a UAS', () => {
    const { bench, transaction } = invited();
    bench.engine.respond(transaction, reply(transaction, 200), 0);
    expect(() => bench.engine.respond(transaction, reply(transaction, 200, 'c'), 0, { retransmit2xx: false })).toThrow(
      expect.objectContaining({ code: 'SIP_ERR_TRANSACTION_STATE' }),
    );
  });

  test('a request without its mandatory headers, or with the CSeq of another method', () => {
    const bench = new Bench();
    for (const name of ['From', 'To', 'Call-ID', 'CSeq']) {
      const message = request();
      message.headers.delete(name);
      expect(() => bench.engine.send(message, flow(), 0)).toThrow(
        expect.objectContaining({ code: 'SIP_ERR_REQUEST_INCOMPLETE' }),
      );
    }
    const message = request();
    message.method = 'BYE';
    expect(() => bench.engine.send(message, flow(), 0)).toThrow(
      expect.objectContaining({ code: 'SIP_ERR_REQUEST_INCOMPLETE' }),
    );
    expect(bench.engine.counts()).toEqual(IDLE);
    expect(bench.out.sent).toEqual([]);
  });

  test('a branch in use', () => {
    const bench = new Bench();
    bench.engine.send(request(), flow(), 0, { branch: 'z9hG4bKx' });
    expect(() => bench.engine.send(request(), flow(), 0, { branch: 'z9hG4bKx' })).toThrow(
      expect.objectContaining({ code: 'SIP_ERR_ARGUMENT' }),
    );
    expect(bench.engine.counts().client).toBe(1);
  });
});

describe('transport failure', () => {
  test('ends what runs on that flow and nothing else', () => {
    const bench = new Bench();
    bench.engine.send(request('OPTIONS'), flow('TCP', 1), 0);
    bench.engine.send(request(), flow('TCP', 2), 0);
    bench.receive(incoming('INVITE', { via: 'Via: SIP/2.0/TCP 192.0.2.2:5062;branch=z9hG4bKpeer' }), flow('TCP', 1));
    const { transaction } = bench.event('request');
    bench.engine.transportFailed(flow('TCP', 1), new Error('reset'), 0);
    expect(bench.out.takeEvents()).toEqual(['request', 'transportError', 'terminated', 'transportError', 'terminated']);
    expect(bench.engine.counts()).toMatchObject({ client: 1, server: 0 });
    bench.engine.respond(transaction, reply(transaction, 200), 0);
    expect(bench.out.takeSent()).toHaveLength(2); // the late answer is not sent
  });

  test('an accepted INVITE survives it until Timer L (RFC 6026 §7.1)', () => {
    const { bench, transaction } = invited();
    bench.engine.respond(transaction, reply(transaction, 200), 0);
    bench.engine.transportFailed(flow(), new Error('unreachable'), 0);
    expect(bench.out.takeEvents()).toEqual(['transportError']);
    expect(transaction.state).toBe('accepted');
  });

  test('a datagram that could not be sent fails its own transaction, not its neighbours on the same flow', () => {
    const bench = new Bench();
    bench.engine.send(request('OPTIONS'), flow(), 0);
    const tooLong = bench.out.sent[0]?.bytes;
    bench.engine.send(request('MESSAGE'), flow(), 0);
    bench.receive(incoming('OPTIONS'));
    bench.out.takeEvents();
    bench.engine.transportFailed(flow(), new Error('EMSGSIZE'), 0, tooLong);
    expect(bench.out.takeEvents()).toEqual(['transportError', 'terminated']);
    expect(bench.engine.counts()).toMatchObject({ client: 1, server: 1 });
  });

  test('the end of a connection costs what ran on it, not what runs elsewhere', () => {
    const bench = new Bench();
    bench.engine.send(request('OPTIONS'), flow('TCP', 1), 0);
    const bystander = bench.engine.send(request('OPTIONS'), flow('TCP', 2), 0);
    let looks = 0;
    const { flow: elsewhere } = bystander;
    Object.defineProperty(bystander, 'flow', { get: () => (looks++, elsewhere) });
    bench.engine.transportFailed(flow('TCP', 1), new Error('reset'), 0);
    expect(looks).toBe(0);
    expect(bench.engine.counts()).toMatchObject({ client: 1 });
  });

  test("the engine's own CANCEL fails silently", () => {
    const bench = new Bench();
    const invite = bench.engine.send(request(), flow(), 0);
    bench.receive(answer(bench.out.sent[0]?.text ?? '', 180));
    bench.engine.cancel(invite, 0);
    bench.engine.transportFailed(flow(), new Error('gone'), 0);
    expect(bench.out.takeEvents()).toEqual(['180', 'transportError', 'terminated']);
    expect(bench.engine.counts()).toEqual(IDLE);
  });
});

describe('over a reliable transport', () => {
  test('a finished transaction leaves nothing behind at once (RFC 3261 §17: Timers D, I, J, K are 0)', () => {
    const via = 'Via: SIP/2.0/TCP 192.0.2.2:5062;branch=z9hG4bKpeer';
    const bench = new Bench();
    bench.engine.send(request('OPTIONS'), flow('TCP'), 0);
    bench.receive(answer(bench.out.sent[0]?.text ?? '', 200), flow('TCP'));
    bench.engine.send(request(), flow('TCP'), 0);
    bench.receive(answer(bench.out.sent[1]?.text ?? '', 486), flow('TCP'));
    expect(bench.out.takeEvents()).toEqual(['200', 'terminated', '486', 'terminated']);
    bench.receive(incoming('OPTIONS', { via }), flow('TCP'));
    const options = bench.event('request').transaction;
    bench.engine.respond(options, reply(options, 100), 0); // allowed on TCP (RFC 4320 §4.1)
    bench.engine.respond(options, reply(options, 200), 0);
    expect(bench.out.takeEvents()).toEqual(['request', 'terminated']);
    bench.receive(incoming('INVITE', { via }), flow('TCP'));
    const invite = bench.event('request').transaction;
    bench.engine.respond(invite, reply(invite, 486), 0);
    bench.receive(incoming('ACK', { via, toTag: 'b' }), flow('TCP'));
    expect(bench.out.takeEvents()).toEqual(['request', 'terminated']);
    expect(bench.engine.counts()).toEqual(IDLE);
    expect(bench.engine.nextTimeout()).toBe(Infinity);
  });
});

describe('stateless sending', () => {
  test('a request gets a branch that depends on the incoming one only (RFC 3261 §16.11)', () => {
    const branchOf = (text: string): string => {
      const bench = new Bench();
      bench.engine.sendStateless(parseRequest(text), flow(), 0);
      expect(bench.engine.counts()).toEqual(IDLE);
      return parseRequest(bench.out.sent[0]?.text ?? '').headers.via?.branch ?? '';
    };
    const first = branchOf(incoming());
    expect(first).toMatch(/^z9hG4bK[0-9a-f]{16}$/);
    expect(branchOf(incoming('CANCEL'))).toBe(first);
    expect(branchOf(incoming('INVITE', { branch: 'z9hG4bKother' }))).not.toBe(first);
    const old = branchOf(incoming('INVITE', { branch: 'old' }));
    expect(branchOf(incoming('INVITE', { branch: 'old' }))).toBe(old);
    expect(branchOf(incoming('INVITE', { branch: 'old', cseq: 2 }))).not.toBe(old);
  });

  test('a response goes as it is', () => {
    const bench = new Bench();
    const text = answer(incoming(), 200);
    bench.engine.sendStateless(parseResponse(text), flow(), 0);
    expect(bench.out.sent[0]?.text).toBe(text);
  });
});

describe('what is malformed', () => {
  const answered = (text: string): string[] => {
    const bench = new Bench();
    bench.receive(text);
    expect(bench.engine.counts()).toEqual(IDLE);
    return [...bench.out.takeEvents(), ...bench.out.takeSent()];
  };

  test.each([
    ['no Call-ID', incoming().replace('Call-ID: c1\r\n', ''), 'SIP_ERR_HEADER_MISSING', '400 Missing mandatory header'],
    ['a bad CSeq', incoming().replace('1 INVITE', 'one INVITE'), 'SIP_ERR_CSEQ', '400 Malformed CSeq'],
    [
      'a CSeq of another method',
      incoming().replace('1 INVITE', '1 BYE'),
      'SIP_ERR_CSEQ_METHOD',
      '400 CSeq method differs from the request method',
    ],
    [
      'two From',
      incoming('INVITE', { extra: ['f: <sip:x@y>'] }),
      'SIP_ERR_HEADER_DUPLICATE',
      '400 Header may appear only once',
    ],
    [
      'a bad From',
      incoming().replace('<sip:alice@example.com>', '<sip:alice@example.com'),
      'SIP_ERR_NAME_ADDR',
      '400 Malformed address',
    ],
    [
      'a bad Contact',
      incoming().replace('<sip:alice@192.0.2.2:5062>', '<sip:alice@>'),
      'SIP_ERR_URI',
      '400 Malformed URI',
    ],
    [
      'a wildcard among contacts',
      incoming('INVITE', { extra: ['Contact: *'] }),
      'SIP_ERR_NAME_ADDR',
      '400 Malformed address',
    ],
    ['a bad Request-URI', incoming().replace('sip:bob@192.0.2.1 ', 'sip:@ '), 'SIP_ERR_URI', '400 Malformed URI'],
    [
      'headers in the Request-URI',
      incoming().replace('sip:bob@192.0.2.1 ', 'sip:bob@192.0.2.1?Route=%3Csip:evil%3E '),
      'SIP_ERR_URI',
      '400 Malformed URI',
    ],
    [
      'another version',
      incoming().replace(' SIP/2.0\r\n', ' SIP/7.0\r\n'),
      'SIP_ERR_VERSION',
      '505 Version Not Supported',
    ],
    [
      'a Content-Length beyond the datagram',
      incoming().replace('Content-Length: 0', 'Content-Length: 9'),
      'SIP_ERR_CONTENT_LENGTH',
      '400 Content-Length missing, malformed or longer than the message',
    ],
    [
      'Max-Forwards 256',
      incoming().replace('Max-Forwards: 70', 'Max-Forwards: 256'),
      'SIP_ERR_MAX_FORWARDS',
      '400 Max-Forwards is not a number from 0 to 255',
    ],
    [
      'a bad Via',
      incoming('INVITE', { via: 'Via: SIP/2.0/UDP :5060;branch=z9hG4bKx' }),
      'SIP_ERR_VIA',
      '400 Malformed Via',
    ],
  ])('a request with %s is answered', (_, text, code, status) => {
    expect(answered(text)).toEqual([`drop ${code}`, `0 ${status}`]);
  });

  test.each([
    ['garbage', 'hello\r\n\r\n', 'SIP_ERR_NOT_SIP'],
    ['a request without Via', incoming('INVITE', { via: 'X: y' }), 'SIP_ERR_HEADER_MISSING'],
    ['a malformed ACK', incoming('ACK').replace('1 ACK', 'x ACK'), 'SIP_ERR_CSEQ'],
    ['an ACK with a bad To', incoming('ACK').replace('<sip:bob@example.com>', '<sip:bob'), 'SIP_ERR_NAME_ADDR'],
    ['a malformed response', answer(incoming(), 200).replace('1 INVITE', 'INVITE'), 'SIP_ERR_CSEQ'],
    ['a response with a bad Contact', answer(incoming(), 200, 'b', ['Contact: <']), 'SIP_ERR_NAME_ADDR'],
    ['a response with a bad From', answer(incoming(), 200).replace('<sip:alice', '<sip::alice@<'), 'SIP_ERR_URI'],
  ])('%s is dropped with a reason and never answered', (_, text, code) => {
    const [drop, ...rest] = answered(text);
    expect(rest).toEqual([]);
    if (code !== 'SIP_ERR_URI') expect(drop).toBe(`drop ${code}`);
    else expect(drop).toMatch(/^drop SIP_ERR_/);
  });

  test('the answer carries what could be read, Via first, and a To tag', () => {
    const bench = new Bench();
    bench.receive(
      incoming('OPTIONS', { via: 'Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKq;rport' }).replace('1 OPTIONS', 'x'),
    );
    const response = parseResponse((bench.out.sent[0]?.text ?? '').replace('CSeq: x', 'CSeq: 1 OPTIONS'));
    expect(response.headers.getAll('Via')).toEqual([
      'SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKq;rport=5062;received=192.0.2.2',
    ]);
    expect(response.headers.callId).toBe('c1');
    expect(response.headers.to?.tag).toMatch(/^[0-9a-f]{16}$/);
  });

  test('keep-alives are silent on UDP and answered on a WebSocket (RFC 7118 §6)', () => {
    const bench = new Bench();
    bench.receive('\r\n\r\n');
    bench.receive('\r\n', flow('WS'));
    bench.receive('');
    expect(bench.out.sent).toEqual([]);
    bench.receive('\r\n\r\n', flow('WS'));
    expect(bench.out.sent.map(({ text }) => text)).toEqual(['\r\n']);
    expect(bench.out.events).toEqual([]);
  });

  test('a request without Content-Length is wrong on TCP and right in a WebSocket frame', () => {
    const text = incoming('OPTIONS').replace('Content-Length: 0\r\n', '');
    const bench = new Bench();
    bench.receive(text, flow('TCP'));
    bench.receive(text, flow('WS'));
    expect(bench.out.takeEvents()).toEqual(['drop SIP_ERR_CONTENT_LENGTH', 'request']);
  });

  test('a fault of the codec is a drop, not a throw', () => {
    const bench = new Bench({
      codec: {
        decode: () => {
          throw new TypeError('broken');
        },
        encode: (text) => bytes(text),
      },
    });
    expect(() => bench.receive(incoming())).not.toThrow();
    expect(bench.out.takeEvents()).toEqual(['drop SIP_ERR_INTERNAL']);
  });

  test('__proto__ and constructor are names like others', () => {
    const bench = new Bench();
    const via = 'Via: SIP/2.0/UDP 192.0.2.2:5062;branch=z9hG4bKa;__proto__;constructor=x';
    bench.receive(incoming('OPTIONS', { via, extra: ['__proto__: a', 'constructor: b'] }));
    const { request: message } = bench.event('request');
    expect(message.headers.get('__proto__')).toBe('a');
    expect(message.headers.get('constructor')).toBe('b');
    expect(message.headers.get('toString')).toBeUndefined();
    expect(message.headers.via?.params.get('__proto__')).toBe('');
    expect(message.headers.via?.params.get('constructor')).toBe('x');
  });

  test('no bytes make the engine throw: noise, and mutations of good messages', () => {
    const good = [incoming(), incoming('ACK'), incoming('CANCEL'), answer(incoming(), 200), wire('OPTIONS * SIP/2.0')];
    const mutation = fc.record({
      base: fc.constantFrom(...good),
      edits: fc.array(
        fc.record({ at: fc.nat(400), cut: fc.nat(4), put: fc.string({ unit: 'binary', maxLength: 4 }) }),
        { maxLength: 5 },
      ),
    });
    const bench = new Bench();
    fc.assert(
      fc.property(mutation, fc.uint8Array({ maxLength: 80 }), ({ base, edits }, noise) => {
        let text = base;
        for (const { at, cut, put } of edits) text = text.slice(0, at) + put + text.slice(at + cut);
        for (const over of [flow(), flow('TCP')]) {
          bench.receive(bytes(text), over);
          bench.receive(noise, over);
        }
        expect(bench.out.takeEvents()).not.toContain('drop SIP_ERR_INTERNAL');
        bench.out.sent.length = 0;
      }),
      { numRuns: 1500 },
    );
    bench.until(200_000_000);
    expect(bench.engine.counts()).toMatchObject({ client: 0 });
  });
});
