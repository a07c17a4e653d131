import { describe, expect, test } from '@jest/globals';
import {
  bracket,
  literalAddress,
  LocalAddresses,
  parseAdvertised,
  parseListenUri,
  plainAddress,
} from '../src/addresses.ts';
import { FakePorts } from './fake-ports.ts';

describe('listen addresses', () => {
  test.each([
    ['udp://127.0.0.1:5070', { protocol: 'UDP', address: '127.0.0.1', port: 5070 }],
    ['tcp://[::1]:0', { protocol: 'TCP', address: '::1', port: 0 }],
    ['UDP://0.0.0.0', { protocol: 'UDP', address: '0.0.0.0', port: 5060 }],
    ['tcp://localhost:5062/', { protocol: 'TCP', address: '127.0.0.1', port: 5062 }],
    ['udp://[2001:DB8:0::1]:5060', { protocol: 'UDP', address: '2001:db8::1', port: 5060 }],
  ])('%s is read', (text, expected) => {
    expect(parseListenUri(text)).toEqual(expected);
  });

  test.each(['127.0.0.1:5060', 'ws://127.0.0.1:80', 'udp://example.com:5060', 'udp://127.0.0.1:65536', 'udp://', ''])(
    "'%s' is refused with an example",
    (text) => {
      expect(() => parseListenUri(text)).toThrow(
        expect.objectContaining({
          code: 'TPT_ERR_LISTEN_URI',
          message: expect.stringContaining('udp://127.0.0.1:5060'),
        }),
      );
    },
  );
});

describe('advertised addresses', () => {
  test.each([
    ['sip.example.com', { host: 'sip.example.com', port: undefined }],
    ['SIP.example.com:5080', { host: 'sip.example.com', port: 5080 }],
    ['203.0.113.5:5060', { host: '203.0.113.5', port: 5060 }],
    ['[2001:db8::5]:5061', { host: '[2001:db8::5]', port: 5061 }],
    ['2001:db8::5', { host: '[2001:db8::5]', port: undefined }],
  ])('%s is read', (text, expected) => {
    expect(parseAdvertised(text, 'udp://127.0.0.1')).toEqual(expected);
  });

  test.each([
    '0.0.0.0',
    '0.0.0.0:5060',
    '::',
    '[::]:5060',
    'a b',
    'host:0',
    'host:70000',
    '1.2.3',
    '[zz]',
    'sip:x',
    '',
  ])("'%s' is refused: it may not go on the wire", (text) => {
    expect(() => parseAdvertised(text, 'udp://127.0.0.1')).toThrow(
      expect.objectContaining({ code: 'TPT_ERR_ADVERTISE' }),
    );
  });
});

describe('literal addresses', () => {
  test('IPv6 is compared in canonical form and written in brackets without its zone', () => {
    expect(literalAddress('[2001:DB8:0:0::1]')).toBe('2001:db8::1');
    expect(literalAddress('example.com')).toBeUndefined();
    expect(bracket('fe80::1%eth0')).toBe('[fe80::1]');
    expect(bracket('10.0.0.1')).toBe('10.0.0.1');
  });

  test('an IPv4 address mapped into IPv6 becomes IPv4 again', () => {
    expect(plainAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(plainAddress('::ffff:1')).toBe('::ffff:1');
  });
});

describe('the own address that a destination sees', () => {
  const ports = new FakePorts();
  const locals = new LocalAddresses(() => ports.localAddresses(), ports.clock);

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.9.9.9', '127.0.0.1'],
    ['10.1.200.1', '10.1.2.3'],
    ['198.51.100.200', '198.51.100.7'],
    ['8.8.8.8', '198.51.100.7'],
    ['::1', '::1'],
    ['fe80::99', 'fe80::1'],
    ['2001:db8::99', '2001:db8::7'],
    ['2a00::1', '2001:db8::7'],
  ])('towards %s it is %s', (destination, expected) => {
    expect(locals.towards(destination)).toBe(expected);
  });

  test('it follows changes of the interfaces within ten seconds', () => {
    expect(locals.has('10.1.2.3')).toBe(true);
    ports.addresses = [{ address: '10.1.9.9', prefixLength: 16, internal: false }];
    ports.clock.advance(10_000);
    expect(locals.has('10.1.2.3')).toBe(false);
    expect(locals.towards('10.1.200.1')).toBe('10.1.9.9');
  });

  test('without any interface it is loopback, never a wildcard', () => {
    const none = new LocalAddresses(undefined, new FakePorts().clock);
    expect(none.towards('203.0.113.1')).toBe('127.0.0.1');
    expect(none.towards('2001:db8::1')).toBe('::1');
  });
});
