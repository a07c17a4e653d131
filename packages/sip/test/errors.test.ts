import { describe, expect, test } from '@jest/globals';
import { CountingIds, ERRORS, RandomIds, SipError } from '@siplet/sip';

describe('the error catalogue', () => {
  test.each(Object.entries(ERRORS))('%s is complete', (code, info) => {
    expect(info.code).toBe(code);
    expect(code).toMatch(/^SIP_ERR_[A-Z_0-9]+$/);
    expect(info.message).not.toBe('');
    expect(info.remedy).not.toBe('');
    expect(info.status !== undefined).toBe(info.fault === 'remote');
  });

  test('an error tells code, fault and status, and is recognized across copies of the package', () => {
    const error = new SipError('SIP_ERR_VERSION', 'SIP/9.0', { cause: 1 });
    expect(error).toMatchObject({
      code: 'SIP_ERR_VERSION',
      fault: 'remote',
      status: 505,
      message: 'SIP version not supported: SIP/9.0',
      cause: 1,
      name: 'SipError',
    });
    expect({ [Symbol.for('@siplet/sip.SipError')]: true } instanceof SipError).toBe(true);
    expect(new Error('x') instanceof SipError).toBe(false);
    expect((undefined as unknown) instanceof SipError).toBe(false);
    expect(new SipError('SIP_ERR_NEW')).toMatchObject({ message: 'SIP_ERR_NEW', fault: 'local', status: undefined });
  });
});

describe('ids', () => {
  test('random ones carry all their bytes', () => {
    const ids = new RandomIds((length) => Uint8Array.from({ length }, (_, i) => i), 'h');
    expect(ids.branch()).toBe('z9hG4bK000102030405060708090a0b0c0d0e0f');
    expect(ids.tag()).toBe('00010203040506070809');
    expect(ids.callId()).toBe('000102030405060708090a0b0c0d0e0f@h');
    expect(new RandomIds((length) => new Uint8Array(length)).callId()).toBe('0'.repeat(32));
  });

  test('counting ones never repeat', () => {
    const ids = new CountingIds();
    expect([ids.branch(), ids.branch(), ids.tag(), ids.tag(), ids.callId(), ids.callId()]).toEqual([
      'z9hG4bK-1',
      'z9hG4bK-2',
      'tag-1',
      'tag-2',
      'call-1',
      'call-2',
    ]);
  });
});
