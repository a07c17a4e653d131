import { describe, expect, test } from '@jest/globals';
import { ListenerRegistry } from '../../src/application/listeners.ts';
import { createLogger } from '../../src/logging.ts';

function registry(): { listeners: ListenerRegistry; log: Record<string, unknown>[]; calls: string[] } {
  const log: Record<string, unknown>[] = [];
  const write = (line: string): void => void log.push(JSON.parse(line) as Record<string, unknown>);
  const listeners = new ListenerRegistry('App', createLogger({ pretty: false, destination: { write } }));
  return { listeners, log, calls: [] };
}

class Recording {
  readonly #name: string;
  readonly #calls: string[];
  readonly #act: () => void | Promise<void>;

  constructor(name: string, calls: string[], act: () => void | Promise<void> = () => undefined) {
    this.#name = name;
    this.#calls = calls;
    this.#act = act;
  }

  sessionCreated(event: unknown): void | Promise<void> {
    this.#calls.push(`${this.#name} ${String(event)}`);
    return this.#act();
  }
}

const fail = (): void => {
  throw new Error('oops');
};

describe('listeners', () => {
  test('are called in order, each object once, and synchronously when they are', () => {
    const { listeners, calls } = registry();
    const one = new Recording('one', calls);
    listeners.add('SipSessionListener', one);
    listeners.add('SipSessionListener', new Recording('two', calls));
    listeners.add('SipSessionListener', one);
    expect(listeners.fire('SipSessionListener', 'sessionCreated', 'e')).toBeUndefined();
    expect(calls).toEqual(['one e', 'two e']);
    expect([listeners.has('SipSessionListener'), listeners.has('TimerListener')]).toEqual([true, false]);
  });

  test('wait for one another when one returns a promise', async () => {
    const { listeners, calls } = registry();
    listeners.add(
      'SipSessionListener',
      new Recording('one', calls, async () => Promise.resolve().then(() => void calls.push('done'))),
    );
    listeners.add('SipSessionListener', new Recording('two', calls));
    await listeners.fire('SipSessionListener', 'sessionCreated', 'e');
    expect(calls).toEqual(['one e', 'done', 'two e']);
  });

  test.each([
    ['throws', fail],
    ['rejects', async () => Promise.resolve().then(fail)],
  ])('one that %s is logged and does not stop the others', async (_how, act) => {
    const { listeners, log, calls } = registry();
    listeners.add('SipSessionListener', new Recording('one', calls, act));
    listeners.add('SipSessionListener', new Recording('two', calls));
    await listeners.fire('SipSessionListener', 'sessionCreated', 'e');
    expect(calls).toEqual(['one e', 'two e']);
    expect(log).toEqual([
      expect.objectContaining({
        level: 50,
        code: 'CTR_ERR_LISTENER_THREW',
        msg: 'Recording.sessionCreated of App threw: oops',
      }),
    ]);
  });
});
