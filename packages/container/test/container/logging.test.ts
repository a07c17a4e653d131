import { describe, expect, test } from '@jest/globals';
import { createLogger } from '../../src/logging.ts';
import type { Logger } from '../../src/logging.ts';

const SECRET = 'Digest username="alice", response="6629fae49393a05397450978507c4ef1"';
const MESSAGE = `REGISTER sip:example.com SIP/2.0\r\nAuthorization: ${SECRET}\r\nproxy-authorization :\t${SECRET},\r\n uri="sip:x"\r\nCall-ID: 1\r\n\r\n`;

function logger(pretty: boolean): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { logger: createLogger({ pretty, destination, wallTime: () => 1_767_268_801_234 }), lines };
}

describe.each([
  ['JSON', false],
  ['readable', true],
])('%s log lines', (_name, pretty) => {
  test('never carry credentials, wherever they hide', () => {
    const { logger: log, lines } = logger(pretty);
    log.info({ headers: { authorization: SECRET, 'Proxy-Authorization': SECRET, 'call-id': '1' } }, 'as fields');
    log.info({ rawHeaders: ['Authorization', SECRET, 'Call-ID', '1'], authorization: [SECRET] }, 'as lists');
    log.info({ bytes: MESSAGE }, 'as text');
    log.error({ err: new Error(`cannot parse ${MESSAGE}`) }, MESSAGE);
    const all = lines.join('');
    expect(all).not.toMatch(/6629fae|alice|sip:x/);
    expect(all.match(/\[redacted\]/g)?.length).toBeGreaterThanOrEqual(8);
    expect(all).toContain('Call-ID: 1');
  });

  test('are one line each, with control characters escaped (log injection)', () => {
    const { logger: log, lines } = logger(pretty);
    log.warn({ from: 'a\r\nb\u001b[2J\u0085\u2028\u202e' }, 'user\nERROR forged\u001b[31m\u009b');
    expect(lines).toHaveLength(1);
    // oxlint-disable-next-line no-control-regex
    expect(lines[0]?.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
    expect(lines[0]).toMatch(/forged/);
  });
});

test('a readable line has time, level, text and fields; an error has its stack below', () => {
  const { logger: log, lines } = logger(true);
  log.child({ app: 'Dial' }).warn({ callId: 'x@y', n: 1 }, 'hello');
  expect(lines[0]).toMatch(/^\d\d:00:01\.234 WARN {2}hello app=Dial callId=x@y n=1\n$/);
  log.error({ err: new Error('broken') }, 'failed');
  expect(lines[1]).toMatch(/ ERROR failed\n {4}Error: broken\n {4}at /);
});

test('a JSON line is valid JSON after redaction', () => {
  const { logger: log, lines } = logger(false);
  log.info({ text: `${MESSAGE}"quoted" \\ `, authorization: 'x', rest: 1 }, 'ok');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ authorization: '[redacted]', rest: 1, msg: 'ok' });
});

test('readable lines are for terminals, JSON for everything else', () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  createLogger({ destination: { write, isTTY: true } }).info('a');
  createLogger({ destination: { write } }).info('b');
  expect([lines[0]?.startsWith('{'), lines[1]?.startsWith('{')]).toEqual([false, true]);
});
