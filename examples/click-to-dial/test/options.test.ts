import { describe, expect, test } from '@jest/globals';
import { readOptions, UsageError } from '../src/options.ts';

const read = (args: string[], env: Record<string, string> = {}): ReturnType<typeof readOptions> =>
  readOptions(args, env, '/dar');

describe('options', () => {
  test('have defaults that keep everything on loopback', () => {
    expect(read([])).toMatchObject({
      host: '127.0.0.1',
      httpPort: 8080,
      sipPort: 5060,
      domain: 'example.com',
      dar: '/dar',
    });
  });

  test('a flag wins over the environment, and SIPLET_HTTP over PORT', () => {
    const env = { SIPLET_HTTP: '8001', PORT: '8002', SIPLET_SIP: '5070', DATABASE_URL: 'postgres://h/d' };
    expect(read(['--http', '8000', '--data', '/d'], env)).toMatchObject({
      httpPort: 8000,
      sipPort: 5070,
      database: { url: 'postgres://h/d' },
    });
    expect(read([], env)).toMatchObject({ httpPort: 8001 });
    expect(read([], { PORT: '8002', SIPLET_DATA: '/d' })).toMatchObject({ httpPort: 8002, database: { folder: '/d' } });
  });

  test('--help asks for the help text', () => {
    expect(read(['--help'])).toBeUndefined();
  });

  test.each([
    [['--htpp', '1'], {}, /--htpp/],
    [['--sip', 'x'], {}, /--sip x is not a port/],
    [['--http', '70000'], {}, /not a port/],
    [[], { SIPLET_HTTTP: '1' }, /SIPLET_HTTTP is not a setting/],
    [['--domain', 'a b'], {}, /not a host name/],
    [[], { DATABASE_URL: 'mysql://x' }, /DATABASE_URL/],
  ] as [string[], Record<string, string>, RegExp][])('%j %j is refused in one line', (args, env, message) => {
    expect(() => read(args, env)).toThrow(UsageError);
    expect(() => read(args, env)).toThrow(message);
  });
});
