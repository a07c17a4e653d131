import { describe, expect, test } from '@jest/globals';
import {
  getApplicationKeyMethod,
  getListenerKinds,
  getResourceInjections,
  getSipApplicationMetadata,
  getSipServletMetadata,
  getWebServletMetadata,
  Resource,
  SipServlet,
} from '@siplet/annotations';
import {
  Logger,
  SipFactory,
  SipServlet as SipServletBase,
  SipSessionsUtil,
  TimerService,
  type SipServletRequest,
} from '@siplet/api';
import {
  CallSipServlet,
  ClickToDial,
  Clock,
  Directory,
  LoginServlet,
  People,
  PlaceCallServlet,
  RegistrarServlet,
  StartListener,
} from './fixtures/click-to-dial.ts';

describe('@SipApplication', () => {
  test('fills in the defaults of JSR 289: 3 minutes for sessions, 180 seconds for proxies', () => {
    expect(getSipApplicationMetadata(ClickToDial)).toEqual({
      name: 'ClickToDial',
      displayName: undefined,
      description: undefined,
      mainServlet: RegistrarServlet,
      servlets: [RegistrarServlet, CallSipServlet, LoginServlet, PlaceCallServlet],
      listeners: [StartListener, Clock],
      sessionTimeout: 3,
      proxyTimeout: 180,
      distributable: false,
      concurrency: 'applicationSession',
      contextParams: { domain: 'example.com' },
      initParams: {},
      contextPath: undefined,
    });
  });

  test('is recorded on the class alone, so that a subclass is no application', () => {
    class Other extends ClickToDial {}
    expect(getSipApplicationMetadata(Other)).toBeUndefined();
  });
});

describe('@SipServlet', () => {
  test('is the base class and the decorator in one value', () => {
    const servlet = new CallSipServlet();
    expect(servlet).toBeInstanceOf(SipServlet);
    expect(servlet).toBeInstanceOf(SipServletBase);
    expect(new RegistrarServlet()).not.toBeInstanceOf(CallSipServlet);
    expect(new Directory()).not.toBeInstanceOf(SipServlet);
  });

  test('keeps private state, fields and constructor of the base class working through the function', () => {
    const servlet = new CallSipServlet();
    expect(servlet.answered).toEqual([]);
    expect(() => servlet.getServletConfig()).toThrow(expect.objectContaining({ code: 'API_ERR_NOT_INITIALIZED' }));
  });

  test('has the name of its class unless it is given one, with or without parentheses', () => {
    expect(getSipServletMetadata(RegistrarServlet)).toEqual({
      name: 'RegistrarServlet',
      description: undefined,
      loadOnStartup: -1,
      initParams: {},
      applicationName: undefined,
    });
    expect(getSipServletMetadata(CallSipServlet)).toMatchObject({ loadOnStartup: 1, initParams: { ring: '25' } });
  });
});

describe('@Resource', () => {
  test('takes the token from the declared class', () => {
    const [factory, timers] = getResourceInjections(CallSipServlet);
    expect(factory).toEqual({ property: 'sipFactory', token: SipFactory, typeName: 'SipFactory' });
    expect(timers).toEqual({ property: 'timers', token: TimerService, typeName: 'TimerService' });
  });

  test('takes an explicit name as the token of a user provider', () => {
    expect(getResourceInjections(CallSipServlet)[2]).toEqual({
      property: 'directory',
      token: 'directory',
      typeName: 'directory',
    });
  });

  test('resolves a lazy token when it is read, so that the class may be defined later', () => {
    expect(getResourceInjections(RegistrarServlet)[1]).toEqual({
      property: 'people',
      token: People,
      typeName: 'People',
    });
  });

  test('leaves no field behind on a declared property', () => {
    expect(Object.keys(new RegistrarServlet())).toEqual([]);
  });

  test('lists constructor parameters in order', () => {
    expect(getResourceInjections(PlaceCallServlet)).toEqual([
      { parameterIndex: 0, token: SipSessionsUtil, typeName: 'SipSessionsUtil' },
      { parameterIndex: 1, token: Logger, typeName: 'Logger' },
    ]);
  });

  test('is inherited together with the constructor', () => {
    expect(getResourceInjections(LoginServlet)).toEqual([
      { property: 'page', token: Directory, typeName: 'Directory' },
      { parameterIndex: 0, token: SipSessionsUtil, typeName: 'SipSessionsUtil' },
      { parameterIndex: 1, token: Logger, typeName: 'Logger' },
    ]);
  });

  test('is not inherited by a class with a constructor of its own', () => {
    class Own extends PlaceCallServlet {
      constructor(@Resource() logger: Logger) {
        super(undefined as never, logger);
      }
    }
    expect(getResourceInjections(Own)).toEqual([{ parameterIndex: 0, token: Logger, typeName: 'Logger' }]);
  });

  test('can be redeclared by a subclass with another token', () => {
    class Narrow extends LoginServlet {
      @Resource(People) declare readonly page: People;
    }
    expect(getResourceInjections(Narrow)[0]).toEqual({ property: 'page', token: People, typeName: 'People' });
    expect(getResourceInjections(LoginServlet)[0]).toMatchObject({ token: Directory });
  });
});

describe('@WebServlet', () => {
  test('takes a path or all options (Servlet 3.0 §12.2)', () => {
    expect(getWebServletMetadata(LoginServlet)).toMatchObject({ name: 'LoginServlet', urlPatterns: ['/'] });
    expect(getWebServletMetadata(PlaceCallServlet)).toMatchObject({
      urlPatterns: ['/calls', '/calls/*'],
      asyncSupported: true,
    });
  });
});

describe('@SipListener and @WebListener', () => {
  test('record the nouns that are named, and infer them when one method set fits only one', () => {
    expect(getListenerKinds(CallSipServlet)).toEqual(['SipSessionListener']);
    expect(getListenerKinds(Clock)).toEqual(['TimerListener']);
    expect(getListenerKinds(StartListener)).toEqual(['ServletContextListener']);
    expect(getListenerKinds(Directory)).toEqual([]);
  });
});

describe('@SipApplicationKey', () => {
  test('gives the static method, bound to its class (JSR 289 §15.11.2)', () => {
    const request = { getHeader: (name: string) => `value of ${name}` } as unknown as SipServletRequest;
    expect(getApplicationKeyMethod(ClickToDial)?.(request)).toBe('value of X-Key');
    expect(getApplicationKeyMethod(CallSipServlet)).toBeUndefined();
  });
});
