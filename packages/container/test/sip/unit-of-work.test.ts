import { describe, expect, test } from '@jest/globals';
import { type Output, OutputBuffer } from '../../src/session/unit-of-work.ts';

function setUp(afterCommit: boolean) {
  const left: string[] = [];
  const buffer = new OutputBuffer((output) => (output.kind === 'proxied' ? output.send() : undefined), afterCommit);
  const output = (name: string): Output => ({ kind: 'proxied', send: () => void left.push(name) });
  return { buffer, left, output };
}

describe('the output buffer of a unit of work (commit, then send)', () => {
  test('in memory mode everything leaves at once', async () => {
    const { buffer, left, output } = setUp(false);
    buffer.begin();
    await buffer.push(output('one'));
    expect(left).toEqual(['one']);
    buffer.flush();
    expect(left).toEqual(['one']);
  });

  test('with a store it leaves after the commit, in order, and a handler that awaits it does not wait for itself', async () => {
    const { buffer, left, output } = setUp(true);
    buffer.begin();
    await buffer.push(output('one'));
    void buffer.emit(output('two'));
    expect(left).toEqual([]);
    buffer.flush();
    expect(left).toEqual(['one', 'two']);
    void buffer.emit(output('outside of a unit'));
    expect(left).toHaveLength(3);
  });

  test('after a failed commit nothing leaves', () => {
    const { buffer, left, output } = setUp(true);
    buffer.begin();
    void buffer.emit(output('one'));
    buffer.discard();
    buffer.flush();
    expect(left).toEqual([]);
  });

  test('a hand-over that takes name resolution is waited for', async () => {
    const order: string[] = [];
    let resolve: () => void = () => undefined;
    const resolution = new Promise<void>((done) => (resolve = done));
    const buffer = new OutputBuffer(() => resolution, false);
    const pushed = buffer.push({ kind: 'proxied', send: () => undefined }).then(() => order.push('handed over'));
    order.push('looking up');
    resolve();
    await pushed;
    expect(order).toEqual(['looking up', 'handed over']);
  });
});
