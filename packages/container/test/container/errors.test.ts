import { expect, test } from '@jest/globals';
import { SipletError } from '@siplet/api';
import { ERRORS } from '@siplet/container';
import { define, optionUnknown, servletThrew } from '../../src/errors.ts';

test('every code has the prefix, a remedy, and a status exactly when a peer is at fault', () => {
  expect(Object.keys(ERRORS).length).toBeGreaterThan(30);
  for (const [code, entry] of Object.entries(ERRORS)) {
    expect(code).toMatch(/^CTR_ERR_[A-Z0-9_]+$/);
    expect([code, entry.remedy.length > 10]).toEqual([code, true]);
    if (entry.fault === 'remote') expect([code, entry.status]).toEqual([code, expect.any(Number)]);
  }
});

test('an error carries code, fault and cause, and says the remedy when it stops a start', () => {
  const cause = new Error('inner');
  const thrown = servletThrew.because(cause, 'A', 'App', 'inner');
  expect(thrown).toMatchObject({
    code: 'CTR_ERR_SERVLET_THREW',
    fault: 'local',
    cause,
    message: 'Servlet "A" of App threw: inner',
  });
  expect(thrown).toBeInstanceOf(SipletError);
  expect(optionUnknown('x', '.').message).toMatch(/^There is no option x\.\. Remove it/);
});

test('a code can be defined once', () => {
  expect(() => define('CTR_ERR_STATE', 'again', { fault: 'local', remedy: 'none' })).toThrow(/CTR_ERR_STATE/);
});
