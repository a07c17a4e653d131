import { describe, expect, test } from '@jest/globals';
import * as api from '@siplet/api';
import {
  ERRORS,
  FlowEvent,
  formatMessage,
  HttpSessionEvent,
  IllegalArgumentError,
  IllegalStateError,
  LISTENER_KINDS,
  Rel100Error,
  ServletContextEvent,
  ServletError,
  ServletParseError,
  SipApplicationRouterInfo,
  SipApplicationRoutingRegion,
  SipApplicationSessionBindingEvent,
  SipErrorEvent,
  SipletError,
  SipServletContextEvent,
  SipServletResponse,
  SipSessionBindingEvent,
  SipTargetedRequestInfo,
  TooManyHopsError,
} from '@siplet/api';

describe('errors', () => {
  const cause = new Error('first');

  test('carry code, fault, status and cause, and the name of their class', () => {
    const error = new TooManyHopsError('CTR_ERR_HOPS', 'no hops left', { fault: 'remote', status: 483, cause });
    expect(error).toMatchObject({ code: 'CTR_ERR_HOPS', fault: 'remote', status: 483, statusCode: 483, cause });
    expect(String(error)).toBe('TooManyHopsError: no hops left');
    expect(new IllegalStateError('X', 'y')).toMatchObject({ fault: 'local', status: undefined });
    expect('cause' in new IllegalStateError('X', 'y')).toBe(false);
  });

  test('form the hierarchy of the JSR under one base', () => {
    const rel100 = new Rel100Error('NOT_INVITE');
    expect(rel100).toBeInstanceOf(ServletError);
    expect(rel100).toBeInstanceOf(SipletError);
    expect(rel100).toBeInstanceOf(Error);
    expect(rel100).not.toBeInstanceOf(ServletParseError);
    expect(new IllegalArgumentError('X', 'y')).not.toBeInstanceOf(ServletError);
    expect(new IllegalArgumentError('X', 'y')).not.toBeInstanceOf(IllegalStateError);
    expect(new ServletError('X', 'y')).not.toBeInstanceOf(Rel100Error);
  });

  test('are instances across two copies of the package, by Symbol.for', () => {
    const foreign = { [Symbol.for('siplet.error.IllegalStateError')]: true };
    expect(foreign instanceof IllegalStateError).toBe(true);
    expect(foreign instanceof IllegalArgumentError).toBe(false);
    expect((undefined as unknown) instanceof SipletError).toBe(false);
    expect(('x' as unknown) instanceof SipletError).toBe(false);
  });

  test('of an application are no instances of each other only because they share a base', () => {
    class MyError extends IllegalStateError {}
    expect(new MyError('MY', 'x')).toBeInstanceOf(IllegalStateError);
    expect(new MyError('MY', 'x')).toBeInstanceOf(MyError);
    expect(new IllegalStateError('X', 'y')).not.toBeInstanceOf(MyError);
  });

  test.each([
    ['NOT_1XX', /101\.\.199/u],
    ['NOT_INVITE', /not an INVITE/u],
    ['NO_REQ_SUPPORT', /sender of the request does not support/u],
    ['NOT_SUPPORTED', /this container does not support/u],
    ['NOT_100rel', /was not sent reliably/u],
  ] as const)('Rel100Error says why: %s (RFC 3262)', (reason, message) => {
    const error = new Rel100Error(reason);
    expect(error.getReason()).toBe(reason);
    expect(error).toMatchObject({ code: 'API_ERR_REL100', message: expect.stringMatching(message) });
  });

  test('messages take their arguments in order and never lose a placeholder', () => {
    expect(formatMessage('%s is not %s', 'A', 7)).toBe('A is not 7');
    expect(formatMessage('%s is not %s', '%s')).toBe('%s is not %s');
  });

  test('the catalogue has a remedy for every code, and remote faults a status', () => {
    for (const [code, entry] of Object.entries<api.ErrorEntry>(ERRORS)) {
      expect(code).toMatch(/^API_ERR_[A-Z0-9_]+$/u);
      expect(entry.remedy).not.toBe('');
      expect(entry.status !== undefined).toBe(entry.fault === 'remote');
    }
  });
});

describe('constants', () => {
  test('status codes carry the names of the JSR and the numbers of RFC 3261 §21', () => {
    const codes = Object.entries(SipServletResponse).filter(([name]) => name.startsWith('SC_'));
    expect(codes.length).toBeGreaterThan(55);
    expect(SipServletResponse.SC_SERVER_INTERNAL_ERROR).toBe(500);
    expect(SipServletResponse.SC_DOES_NOT_EXIT_ANYWHERE).toBe(SipServletResponse.SC_DOES_NOT_EXIST_ANYWHERE);
    for (const [, code] of codes) expect(code).toBeGreaterThanOrEqual(100);
    expect(new Set(codes.map(([, code]) => code)).size).toBe(codes.length - 1);
  });

  test.each(
    Object.entries({
      SipSessionState: api.SipSessionState,
      SessionProtocol: api.SessionProtocol,
      UAMode: api.UAMode,
      SipRouteModifier: api.SipRouteModifier,
      SipApplicationRoutingDirective: api.SipApplicationRoutingDirective,
      SipApplicationRoutingRegionType: api.SipApplicationRoutingRegionType,
      SipTargetedRequestType: api.SipTargetedRequestType,
    }),
  )('%s stands for a Java enumeration: frozen, each name its own value', (_name, values: Record<string, string>) => {
    expect(Object.isFrozen(values)).toBe(true);
    expect(Object.keys(values).length).toBeGreaterThan(1);
    for (const [key, value] of Object.entries(values)) expect(value).toBe(key);
  });

  test('context attributes keep their Java names', () => {
    const names = [
      api.SIP_FACTORY,
      api.SIP_SESSIONS_UTIL,
      api.TIMER_SERVICE,
      api.SUPPORTED,
      api.SUPPORTED_RFCS,
      api.OUTBOUND_INTERFACES,
    ];
    expect(names.map((name) => name.replace('javax.servlet.sip.', ''))).toEqual([
      'SipFactory',
      'SipSessionsUtil',
      'TimerService',
      'supported',
      'supportedRfcs',
      'outboundInterfaces',
    ]);
  });

  test('every listener noun is listed under its own name with the methods that tell it', () => {
    for (const [name, kind] of Object.entries(LISTENER_KINDS)) {
      expect((kind.token as { name: string }).name).toBe(name);
      expect(kind.methods.length).toBeGreaterThan(0);
    }
    const exported = Object.keys(api).filter((name) => name.endsWith('Listener'));
    expect(exported.toSorted()).toEqual(Object.keys(LISTENER_KINDS).toSorted());
  });
});

describe('events and router values', () => {
  const thing = (name: string): never => ({ name }) as never;

  test('give back what they were made of', () => {
    expect(new SipSessionBindingEvent(thing('s'), 'key').getSession()).toEqual(thing('s'));
    expect(new SipSessionBindingEvent(thing('s'), 'key').getName()).toBe('key');
    expect(new SipApplicationSessionBindingEvent(thing('a'), 'key').getApplicationSession()).toEqual(thing('a'));
    expect(new SipApplicationSessionBindingEvent(thing('a'), 'key').getName()).toBe('key');
    expect(new SipErrorEvent(thing('q'), thing('r')).getRequest()).toEqual(thing('q'));
    expect(new SipErrorEvent(thing('q'), thing('r')).getResponse()).toEqual(thing('r'));
    expect(new SipServletContextEvent(thing('c'), thing('v')).getServletContext()).toEqual(thing('c'));
    expect(new SipServletContextEvent(thing('c'), thing('v')).getSipServlet()).toEqual(thing('v'));
    expect(new FlowEvent(thing('f')).getFlow()).toEqual(thing('f'));
    expect(new ServletContextEvent(thing('c')).getServletContext()).toEqual(thing('c'));
    expect(new HttpSessionEvent(thing('h')).getSession()).toEqual(thing('h'));
    expect(new SipTargetedRequestInfo('JOIN', 'App').getType()).toBe('JOIN');
    expect(new SipTargetedRequestInfo('JOIN', 'App').getApplicationName()).toBe('App');
  });

  test('a router answer keeps its own copy of the routes', () => {
    const routes = ['sip:a', 'sip:b'];
    const region = new SipApplicationRoutingRegion('home', 'NEUTRAL');
    const info = new SipApplicationRouterInfo('App', region, 'sip:x', routes, 'ROUTE', { index: 1 });
    routes.pop();
    expect(info.getRoutes()).toEqual(['sip:a', 'sip:b']);
    expect([info.getNextApplicationName(), info.getRoutingRegion(), info.getSubscriberURI()]).toEqual([
      'App',
      region,
      'sip:x',
    ]);
    expect([info.getRouteModifier(), info.getStateInfo()]).toEqual(['ROUTE', { index: 1 }]);
  });

  test('regions are equal by label and type (JSR 289 §15.2.3)', () => {
    const { ORIGINATING_REGION, TERMINATING_REGION } = SipApplicationRoutingRegion;
    expect(ORIGINATING_REGION.equals(new SipApplicationRoutingRegion('ORIGINATING', 'ORIGINATING'))).toBe(true);
    expect(ORIGINATING_REGION.equals(TERMINATING_REGION)).toBe(false);
    expect(ORIGINATING_REGION.equals(new SipApplicationRoutingRegion('ORIGINATING', 'NEUTRAL'))).toBe(false);
    expect(ORIGINATING_REGION.equals('ORIGINATING')).toBe(false);
    expect([ORIGINATING_REGION.getLabel(), ORIGINATING_REGION.getType(), String(ORIGINATING_REGION)]).toEqual([
      'ORIGINATING',
      'ORIGINATING',
      'ORIGINATING',
    ]);
  });
});
