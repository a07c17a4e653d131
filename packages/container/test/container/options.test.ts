import { describe, expect, test } from '@jest/globals';
import { resolveOptions } from '../../src/options.ts';
import type { ContainerOptions } from '../../src/options.ts';

describe('options', () => {
  test('have defaults: SIP on loopback, no HTTP port, 1 MiB bodies', () => {
    const { sip, http } = resolveOptions();
    expect(sip).toEqual({
      listen: [{ uri: 'udp://127.0.0.1:5060' }, { uri: 'tcp://127.0.0.1:5060' }],
      noApplicationStatus: 404,
    });
    expect(http).toMatchObject({
      listen: false,
      port: 8080,
      host: '127.0.0.1',
      bodyLimitBytes: 1_048_576,
      sipPath: '/sip',
    });
    expect(resolveOptions({ http: {} }).http.listen).toBe(true);
    expect(resolveOptions({ http: false }).http.listen).toBe(false);
  });

  test('an advertised address is for every listener without its own', () => {
    const listen = ['udp://0.0.0.0:5060', { uri: 'tcp://0.0.0.0:5060', advertise: 'tcp.example.com' }];
    expect(resolveOptions({ sip: { listen, advertise: '192.0.2.1' } }).sip.listen).toEqual([
      { uri: 'udp://0.0.0.0:5060', advertise: '192.0.2.1' },
      { uri: 'tcp://0.0.0.0:5060', advertise: 'tcp.example.com' },
    ]);
  });

  test.each([
    [{ htpp: {} }, 'There is no option htpp. Did you mean "http"?'],
    [{ sip: { lisen: [] } }, 'There is no option sip.lisen. Did you mean "listen"?'],
    [{ http: { constructor: 1 } }, 'There is no option http.constructor. Known: '],
    [{ router: { file: 'x' } }, 'There is no option router.file. Known: dar, darText.'],
  ])('%j: an unknown name is refused with a suggestion', (options, message) => {
    expect(() => resolveOptions(options as ContainerOptions)).toThrow(
      expect.objectContaining({ code: 'CTR_ERR_OPT_UNKNOWN', message: expect.stringContaining(message) }),
    );
  });

  test.each([
    [{ http: { port: 65_536 } }, 'Option http.port is 65536; it must be a port from 0 to 65535.'],
    [{ http: { port: '8080' } }, 'Option http.port is "8080"; it must be a port from 0 to 65535.'],
    [{ http: { sipPath: 'sip' } }, 'Option http.sipPath is "sip"; it must be false or a path that starts with "/".'],
    [{ http: { allowedOrigins: ['example.com'] } }, 'it must be a list of origins'],
    [{ http: { contentSecurityPolicy: '' } }, 'it must be false or a non-empty text'],
    [{ sip: { listen: ['sip:127.0.0.1'] } }, 'it must be a list of addresses'],
    [{ sip: { listen: ['udp://127.0.0.1:70000'] } }, 'it must be a list of addresses'],
    [{ sip: { noApplicationStatus: 200 } }, 'it must be a SIP status from 400 to 699'],
    [{ sip: { sessionExpiry: 'never' } }, 'it must be "creation" or "activity"'],
    [{ ports: 1 }, 'Option ports is 1; it must be an object.'],
  ])('%j is refused', (options, message) => {
    expect(() => resolveOptions(options as unknown as ContainerOptions)).toThrow(
      expect.objectContaining({ code: 'CTR_ERR_OPT_INVALID', message: expect.stringContaining(message) }),
    );
  });
});
