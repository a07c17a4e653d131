import { describe, expect, test } from '@jest/globals';
import { startApp } from './app.ts';

describe('a call from phone to phone', () => {
  test.each([
    ['udp', 'udp'],
    ['udp', 'ws'],
    ['ws', 'tcp'],
    ['ws', 'ws'],
  ] as const)('is proxied from %s to %s, media untouched, and its BYE finds the way', async (a, b) => {
    await using app = await startApp();
    const alice = await app.phone('alice', { transport: a });
    const bob = await app.phone('bob', { transport: b });
    bob.onInvite({ act: 'answer', ringFor: '1s' });
    const call = alice.call('sip:bob@example.com');
    await call.connected();
    expect(alice.heard.some((each) => each.text.startsWith('SIP/2.0 407'))).toBe(false);
    expect(bob.media.remote).toBe(alice.media.local);
    expect(alice.media.remote).toBe(bob.media.local);
    await app.t.clock.advance('5s');
    await bob.hangUp();
    await call.ended();
    expect(call.endedBy).toBe('remote');
    await app.expectClean();
  });

  test('may last longer than the session timeout of the application', async () => {
    await using app = await startApp();
    const alice = await app.phone('alice');
    const bob = await app.phone('bob');
    bob.onInvite({ act: 'answer', ringFor: '1s' });
    const call = alice.call('sip:bob@example.com');
    await call.connected();
    await app.t.clock.advance('30m');
    await call.hangUp();
    expect(bob.calls[0]).toMatchObject({ state: 'ended', endedBy: 'remote' });
    await app.expectClean();
  });

  test('rings all phones of the callee; the first to answer wins, the others stop', async () => {
    await using app = await startApp();
    const alice = await app.phone('alice');
    const slow = await app.phone('bob', { name: 'slow' });
    const fast = await app.phone('bob', { name: 'fast', transport: 'ws' });
    slow.onInvite({ act: 'ring' });
    fast.onInvite({ act: 'answer', ringFor: '2s' });
    const call = alice.call('sip:bob@example.com');
    await call.connected();
    await app.t.settled();
    expect(slow.calls[0]).toMatchObject({ state: 'failed', status: 487 });
    await call.hangUp();
    expect(fast.calls[0]).toMatchObject({ state: 'ended', endedBy: 'remote' });
    await app.expectClean();
  });

  test.each([
    ['sip:bob@example.com', 480],
    ['sip:mallory@example.com', 404],
    ['sip:bob@elsewhere.example', 404],
  ])('to %s is answered %i', async (uri, status) => {
    await using app = await startApp();
    const alice = await app.phone('alice');
    const call = alice.call(uri);
    await call.ended();
    expect(call.status).toBe(status);
    await app.expectClean();
  });

  test('that is given up stops the ringing', async () => {
    await using app = await startApp();
    const alice = await app.phone('alice');
    const bob = await app.phone('bob', { transport: 'ws' });
    bob.onInvite({ act: 'ring' });
    const call = alice.call('sip:bob@example.com');
    await call.ringing();
    await call.cancel();
    await app.t.settled();
    expect(bob.calls[0]).toMatchObject({ state: 'failed', status: 487 });
    await app.expectClean();
  });

  test('comes through with the callee’s refusal', async () => {
    await using app = await startApp();
    const alice = await app.phone('alice');
    const bob = await app.phone('bob');
    bob.onInvite({ act: 'reject', status: 486, ringFor: '1s' });
    const call = alice.call('sip:bob@example.com');
    await call.ended();
    expect(call.status).toBe(486);
    await app.expectClean();
  });

  test('from an address that is not registered needs the password (407), and one’s own name', async () => {
    await using app = await startApp();
    const bob = await app.phone('bob');
    bob.onInvite({ act: 'answer' });
    const stranger = app.t.phone('sip:alice@example.com', { password: 'wrong', name: 'stranger' });
    const refused = stranger.call('sip:bob@example.com');
    await refused.ended();
    expect(refused.status).toBe(407);
    expect(bob.calls).toHaveLength(0);
    const alice = app.t.phone('sip:alice@example.com', { password: 'alice', name: 'alice' });
    const call = alice.call('sip:bob@example.com');
    await call.connected();
    await call.hangUp();
    const carol = app.t.phone('sip:alice@example.com', { authUser: 'carol', password: 'carol', name: 'carol' });
    const foreign = carol.call('sip:bob@example.com');
    await foreign.ended();
    expect(foreign.status).toBe(403);
    await app.expectClean();
  });
});
