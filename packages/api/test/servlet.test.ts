import { describe, expect, test } from '@jest/globals';
import {
  bindServletConfig,
  HttpServlet,
  SipServlet,
  type HttpServletRequest,
  type HttpServletResponse,
  type SipServletRequest,
  type SipServletResponse,
} from '@siplet/api';
import { fakeConfig, fakeExchange, fakeRequest, fakeResponse } from './fakes.ts';

const METHODS = [
  'INVITE',
  'ACK',
  'OPTIONS',
  'BYE',
  'CANCEL',
  'REGISTER',
  'SUBSCRIBE',
  'NOTIFY',
  'MESSAGE',
  'INFO',
  'PRACK',
  'UPDATE',
  'REFER',
  'PUBLISH',
];
const handlerOf = (method: string): string => `do${method.charAt(0)}${method.slice(1).toLowerCase()}`;

class Empty extends SipServlet {}

class Phone extends SipServlet {
  protected override doInvite(_request: SipServletRequest): void {}
  protected override async doBye(request: SipServletRequest): Promise<void> {
    await request.createResponse(200).send();
  }
}

/** A servlet that records which of its methods was called, by adding an override for every one. */
function recording(): { servlet: SipServlet; calls: [string, unknown][] } {
  const calls: [string, unknown][] = [];
  class Recording extends SipServlet {}
  const responses = ['Provisional', 'Success', 'Redirect', 'Error', 'Branch'].map((kind) => `do${kind}Response`);
  for (const name of [...METHODS.map(handlerOf), ...responses]) {
    Object.defineProperty(Recording.prototype, name, { value: (message: unknown) => void calls.push([name, message]) });
  }
  return { servlet: new Recording(), calls };
}

describe('SipServlet.service', () => {
  test.each(METHODS)('gives %s to its own method (JSR 289 §3.2)', async (method) => {
    const { servlet, calls } = recording();
    const { request, sent } = fakeRequest(method);
    await servlet.service(request, undefined);
    expect(calls).toEqual([[handlerOf(method), request]]);
    expect(sent).toEqual([]);
  });

  test.each([
    [100, 'doProvisionalResponse'],
    [199, 'doProvisionalResponse'],
    [200, 'doSuccessResponse'],
    [299, 'doSuccessResponse'],
    [300, 'doRedirectResponse'],
    [399, 'doRedirectResponse'],
    [400, 'doErrorResponse'],
    [503, 'doErrorResponse'],
    [699, 'doErrorResponse'],
  ])('gives a %i to %s', async (status, handler) => {
    const { servlet, calls } = recording();
    const response = fakeResponse(status);
    await servlet.service(undefined, response);
    expect(calls).toEqual([[handler, response]]);
  });

  test('gives a branch response to doBranchResponse and not to doResponse (JSR 289 §10.2.4)', async () => {
    const { servlet, calls } = recording();
    await servlet.service(undefined, fakeResponse(486, true));
    expect(calls.map(([name]) => name)).toEqual(['doBranchResponse']);
  });

  test('returns the promise of the handler, which is the unit of work', async () => {
    const { request, sent } = fakeRequest('BYE');
    const unit = new Phone().service(request, undefined);
    expect(unit).toBeInstanceOf(Promise);
    await unit;
    expect(sent).toEqual([{ status: 200, headers: {} }]);
  });

  test('stays synchronous when the handler is', () => {
    expect(new Phone().service(fakeRequest('INVITE').request, undefined)).toBeUndefined();
  });
});

describe('a request that the servlet does not handle', () => {
  const answered = METHODS.filter((method) => method !== 'ACK' && method !== 'CANCEL');

  test.each(answered)('%s is answered 405 with Allow, never with silence (RFC 3261 §8.2.1)', async (method) => {
    const { request, sent } = fakeRequest(method);
    await new Empty().service(request, undefined);
    expect(sent).toEqual([{ status: 405, headers: { Allow: '' } }]);
  });

  test('Allow lists what the servlet handles, with ACK and CANCEL beside INVITE', async () => {
    const { request, sent } = fakeRequest('MESSAGE');
    await new Phone().service(request, undefined);
    expect(sent).toEqual([{ status: 405, headers: { Allow: 'INVITE, BYE, ACK, CANCEL' } }]);
  });

  test.each(['FOO', 'invite', '__proto__', 'constructor'])(
    'the unknown method %s is answered 501 (RFC 3261 §7.1, §8.2.1)',
    async (method) => {
      const { request, sent } = fakeRequest(method);
      await new Phone().service(request, undefined);
      expect(sent).toEqual([{ status: 501, headers: {} }]);
    },
  );

  test.each(['ACK', 'CANCEL'])('%s is never answered (RFC 3261 §17)', async (method) => {
    const { request, sent } = fakeRequest(method);
    await new Empty().service(request, undefined);
    expect(sent).toEqual([]);
  });

  test('is not answered again when it is committed, so that super.doInvite may be called late', async () => {
    const { request, sent } = fakeRequest('INVITE', true);
    await new Empty().service(request, undefined);
    expect(sent).toEqual([]);
  });

  test('responses without a handler are ignored', async () => {
    for (const status of [180, 200, 302, 486]) await new Empty().service(undefined, fakeResponse(status));
    expect(new Empty().service(undefined, fakeResponse(486, true))).toBeUndefined();
    expect(new Empty().service(undefined, undefined)).toBeUndefined();
  });

  test('an override of doRequest or doResponse sees everything', async () => {
    const seen: unknown[] = [];
    class All extends SipServlet {
      protected override doRequest(request: SipServletRequest): void {
        seen.push(request.getMethod());
      }
      protected override doResponse(response: SipServletResponse): void {
        seen.push(response.getStatus());
      }
    }
    await new All().service(fakeRequest('FOO').request, undefined);
    await new All().service(undefined, fakeResponse(700));
    expect(seen).toEqual(['FOO', 700]);
  });
});

describe('GenericServlet', () => {
  test('has no configuration before init, and says which class asked', () => {
    for (const ask of ['getServletConfig', 'getServletContext', 'getServletName'] as const) {
      expect(() => new Phone()[ask]()).toThrow(
        expect.objectContaining({ code: 'API_ERR_NOT_INITIALIZED', message: expect.stringMatching(/^Phone has not/u) }),
      );
    }
  });

  test('is configured by its container even when init is overridden without calling super', () => {
    class Own extends SipServlet {
      name = '';
      override init(): void {
        this.name = this.getServletName();
      }
    }
    const servlet = new Own();
    bindServletConfig(servlet, fakeConfig());
    servlet.init();
    expect(servlet.name).toBe('Call');
  });

  test('is configured by init(config) as in Java', () => {
    const servlet = new Phone();
    void servlet.init(fakeConfig());
    void servlet.init();
    expect(servlet.getInitParameter('ring')).toBe('25');
    expect(servlet.getInitParameter('other')).toBeUndefined();
    expect([...servlet.getInitParameterNames()]).toEqual(['ring']);
    expect(servlet.destroy()).toBeUndefined();
  });

  test('logs through the context', () => {
    const lines: unknown[][] = [];
    const servlet = new Phone();
    bindServletConfig(servlet, fakeConfig(lines));
    const cause = new Error('busy');
    servlet.log('call failed', cause);
    expect(lines).toEqual([['call failed', cause]]);
  });
});

describe('HttpServlet.service', () => {
  class Page extends HttpServlet {
    protected override doGet(_request: HttpServletRequest, response: HttpServletResponse): void {
      response.setStatus(200);
    }
    protected override async doPost(_request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
      await Promise.resolve();
      response.setStatus(202);
    }
  }
  class Bare extends HttpServlet {}

  test.each([
    ['GET', ['status 200']],
    ['HEAD', ['status 200']],
    ['POST', ['status 202']],
    ['PUT', ['Allow: OPTIONS, GET, POST, HEAD', 'error 405']],
    ['DELETE', ['Allow: OPTIONS, GET, POST, HEAD', 'error 405']],
    ['PATCH', ['Allow: OPTIONS, GET, POST, HEAD', 'error 405']],
    ['OPTIONS', ['status 204', 'Allow: OPTIONS, GET, POST, HEAD']],
    ['BREW', ['error 501 Method BREW is not implemented']],
    ['__proto__', ['error 501 Method __proto__ is not implemented']],
  ])('%s', async (method, expected) => {
    const { request, response, log } = fakeExchange(method);
    await new Page().service(request, response);
    expect(log).toEqual(expected);
  });

  test.each(['GET', 'HEAD', 'POST'])('%s without a handler is 405 (RFC 9110 §15.5.6)', async (method) => {
    const { request, response, log } = fakeExchange(method);
    await new Bare().service(request, response);
    expect(log).toEqual(['Allow: OPTIONS', 'error 405']);
  });
});
