import { expect, test } from '@jest/globals';
import { ERRORS, TransportError } from '../src/errors.ts';

test.each(Object.entries(ERRORS))(
  '%s has a prefix, a remedy, and a status exactly when the fault is remote',
  (code, error) => {
    expect(code).toMatch(/^TPT_ERR_[A-Z_]+$/);
    expect(error.message).toMatch(/\.$/);
    expect(error.remedy).toMatch(/\.$/);
    expect('status' in error).toBe(error.fault === 'remote');
  },
);

test('an error carries code, fault, status and cause, and fills its text in order', () => {
  const cause = new Error('ECONNREFUSED');
  const error = new TransportError('TPT_ERR_CONNECTION', ['TCP', '$& 192.0.2.1', 'ECONNREFUSED'], cause);
  expect(error).toBeInstanceOf(TransportError);
  expect(error).toMatchObject({ code: 'TPT_ERR_CONNECTION', fault: 'remote', status: 503, cause });
  expect(error.message).toBe('The TCP connection with $& 192.0.2.1 failed: ECONNREFUSED.');
  expect(cause).not.toBeInstanceOf(TransportError);
});
