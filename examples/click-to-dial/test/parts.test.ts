import { describe, expect, test } from '@jest/globals';
import { CallBook } from '../src/call-book.ts';
import { MEDIA_NOT_COMPATIBLE, refused } from '../src/call-words.ts';
import { finish, newCall } from '../src/call.ts';
import { digestSecrets } from '../src/digest-secrets.ts';
import { LoginThrottle } from '../src/login-throttle.ts';
import { PhonePasses, personOf } from '../src/phone-passes.ts';
import { reach } from '../src/reach.ts';
import { Registration } from '../src/registration.entity.ts';
import { isWebMedia, refuseOffer } from '../src/sdp.ts';

const ALICE = { name: 'alice', displayName: 'Alice' };
const BOB = { name: 'bob', displayName: 'Bob' };

describe('the way to a registered phone', () => {
  const way = (transport: string, contact: string, alive: boolean, flowToken = 'flow'): unknown => {
    const binding = Object.assign(new Registration(), { contact, transport, flowToken, sourceAddress: '10.0.0.9' });
    const host = /@([^;:]+)/.exec(contact)?.[1] ?? '';
    return reach(binding, { host }, () => alive);
  };
  const overFlow = (uri: string): unknown => ({ uri, flowToken: 'flow' });

  test.each([
    ['WS', 'sip:x@abc.invalid;transport=ws', true, overFlow('sip:x@abc.invalid;transport=ws')],
    ['WS', 'sip:x@abc.invalid;transport=ws', false, undefined],
    ['WSS', 'sip:x@10.0.0.9;transport=ws', false, undefined],
    ['UDP', 'sip:x@abc.INVALID', true, overFlow('sip:x@abc.INVALID')],
    ['TCP', 'sip:x@10.0.0.9;transport=tcp', true, overFlow('sip:x@10.0.0.9;transport=tcp')],
    ['TCP', 'sip:x@10.0.0.9;transport=tcp', false, { uri: 'sip:x@10.0.0.9;transport=tcp' }],
    ['UDP', 'sip:x@10.0.0.9:5071', true, { uri: 'sip:x@10.0.0.9:5071' }],
    ['UDP', 'sip:x@192.168.1.2', true, overFlow('sip:x@192.168.1.2')],
    ['UDP', 'sip:x@phone.local', true, overFlow('sip:x@phone.local')],
  ])('over %s to %s, connection open: %s', (transport, contact, alive, expected) => {
    expect(way(transport, contact, alive)).toEqual(expected);
  });
});

describe('session descriptions', () => {
  const offer =
    'v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=mid:0\r\nm=video 9 RTP/AVP 96\r\n';

  test('an answer that refuses an offer has the same media in the same order, each at port 0 (RFC 3264 §6)', () => {
    const answer = Buffer.from(refuseOffer(Buffer.from(offer))).toString();
    expect(answer.match(/^m=.*$/gm)).toEqual(['m=audio 0 UDP/TLS/RTP/SAVPF 111 0', 'm=video 0 RTP/AVP 96']);
    expect(answer.endsWith('\r\n')).toBe(true);
  });

  test('a browser is told from a plain phone by its transport', () => {
    expect(isWebMedia(Buffer.from(offer))).toBe(true);
    expect(isWebMedia(Buffer.from('m=audio 4000 RTP/AVP 0\r\n'))).toBe(false);
  });
});

describe('words', () => {
  test.each([
    [488, false, MEDIA_NOT_COMPATIBLE],
    [606, false, MEDIA_NOT_COMPATIBLE],
    [480, true, MEDIA_NOT_COMPATIBLE],
    [480, false, 'Bob is not available at the moment'],
    [418, false, 'Bob’s phone refused the call (418 Teapot)'],
    [503, false, 'Bob’s phone cannot be reached'],
  ])('%i from the second phone, of another kind than the first: %s', (status, mixed, words) => {
    const ending = refused(newCall('1', ALICE, BOB, 0), 'second', status, 'Teapot', mixed);
    expect(ending.reason.toLowerCase()).toBe(words.toLowerCase());
  });
});

test('a call ends once', () => {
  const call = newCall('1', ALICE, BOB, 0);
  expect(finish(call, { state: 'failed', reason: 'first' }, 1)).toBe(true);
  expect(finish(call, { state: 'ended', reason: 'second' }, 2)).toBe(false);
  expect(call).toMatchObject({ state: 'failed', reason: 'first', endedAt: 1 });
});

test('somebody is busy for as long as one call goes on, and no longer', () => {
  const book = new CallBook();
  const call = newCall('1', ALICE, BOB, 0);
  book.changed(call);
  expect([book.activeOf('alice'), book.activeOf('bob'), book.activeOf('carol')]).toEqual([call, call, undefined]);
  finish(call, { state: 'ended', reason: '' }, 1);
  book.changed(call);
  book.changed(call);
  expect([book.activeOf('alice'), book.active(), book.size]).toEqual([undefined, [], 1]);
});

describe('passes for the phone in the page', () => {
  let now = 0;
  const passes = new PhonePasses('example.com', { now: () => now });

  test('are good for an hour, for one person', () => {
    const pass = passes.issue('alice', 'login-1');
    expect(personOf(pass.user)).toBe('alice');
    expect(passes.getSecrets(pass.user)).toEqual(digestSecrets(pass.user, 'example.com', pass.password));
    now = 3_600_000;
    expect(passes.getSecrets(pass.user)).toBeUndefined();
  });

  test('end with their login, and the oldest of many tabs goes first', () => {
    const other = passes.issue('alice', 'login-2');
    const tabs = Array.from({ length: 6 }, () => passes.issue('alice', 'login-1'));
    expect(tabs.map((each) => passes.getSecrets(each.user) !== undefined)).toEqual([
      false,
      true,
      true,
      true,
      true,
      true,
    ]);
    passes.revoke('alice', 'login-1');
    expect(tabs.some((each) => passes.getSecrets(each.user) !== undefined)).toBe(false);
    expect(passes.getSecrets(other.user)).toBeDefined();
  });
});

test('the throttle remembers a thousand names and no more', () => {
  const throttle = new LoginThrottle({ now: () => 0 });
  for (let count = 0; count < 10; count += 1) throttle.failed('first');
  expect(throttle.isClosed('first')).toBe(true);
  for (let count = 0; count < 1000; count += 1) throttle.failed(`name ${count}`);
  expect(throttle.isClosed('first')).toBe(false);
});
