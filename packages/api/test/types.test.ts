// Assertions about public types: `npx tsc -p tsconfig.test.json` checks them, jest only runs what is left.
import { describe, expect, test } from '@jest/globals';
import type * as api from '@siplet/api';
import {
  SIP_FACTORY,
  SipServletResponse,
  SipSessionState,
  type Address,
  type B2buaHelper,
  type HeaderMap,
  type HttpSession,
  type MessageContent,
  type PlainData,
  type SipApplicationSession,
  type SipFactory,
  type SipServletContext,
  type SipServletRequest,
  type SipSession,
  type SipURI,
  type URI,
} from '@siplet/api';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles with `true` only when the two types are the same. */
function same<A, B>(_proof: Equal<A, B>): void {}
type IsAny<T> = 0 extends 1 & T ? true : false;
type HasAny<T> =
  IsAny<T> extends true
    ? true
    : T extends (...parameters: infer P) => infer R
      ? IsAny<R> extends true
        ? true
        : true extends { [K in keyof P]: IsAny<P[K]> }[number]
          ? true
          : false
      : false;
/** The members of a type that are `any`, take `any` or return `any`. */
type AnyMembers<T> = { [K in keyof T]-?: HasAny<T[K]> extends true ? K : never }[keyof T];

type Instance<T> = T extends abstract new (...parameters: never[]) => infer I ? I : never;
type Module = typeof api;
/** Every exported value that is `any`, and every exported class with a member that is. */
type AnyExports = {
  [K in keyof Module]: IsAny<Module[K]> extends true
    ? K
    : [AnyMembers<Instance<Module[K]>>] extends [never]
      ? HasAny<Module[K]> extends true
        ? K
        : never
      : K;
}[keyof Module];

declare module '@siplet/api' {
  interface SipSessionAttributes {
    'test.linked': SipSession;
  }
  interface SipApplicationSessionAttributes {
    'test.count': number;
  }
  interface HttpSessionAttributes {
    'test.user': string;
  }
}

interface Sloppy {
  good(a: string): number;
  // oxlint-disable-next-line typescript/no-explicit-any -- the detector itself is under test
  takes(a: any): number;
  // oxlint-disable-next-line typescript/no-explicit-any
  gives(): any;
  // oxlint-disable-next-line typescript/no-explicit-any
  has: any;
}

declare const session: SipSession;
declare const appSession: SipApplicationSession;
declare const httpSession: HttpSession;
declare const context: SipServletContext;
declare const request: SipServletRequest;
declare const b2bua: B2buaHelper;
declare const uri: URI;
declare const headers: HeaderMap;
declare const other: string;

/** Never called: its types are the test. */
export function assertions(): PlainData {
  same<AnyMembers<Sloppy>, 'takes' | 'gives' | 'has'>(true);
  same<AnyExports, never>(true);

  const linked = session.getAttribute('test.linked');
  same<typeof linked, SipSession | undefined>(true);
  const undeclared = session.getAttribute('undeclared');
  same<typeof undeclared, unknown>(true);
  const dynamic = session.getAttribute(other);
  same<typeof dynamic, unknown>(true);
  session.setAttribute('test.linked', session);
  session.setAttribute('undeclared', 7);
  // @ts-expect-error -- the declared type is SipSession
  session.setAttribute('test.linked', 7);
  const count = appSession.getAttribute('test.count');
  same<typeof count, number | undefined>(true);
  const user = httpSession.getAttribute('test.user');
  same<typeof user, string | undefined>(true);
  const factory = context.getAttribute(SIP_FACTORY);
  same<typeof factory, SipFactory | undefined>(true);

  same<ReturnType<typeof appSession.getSessions<'SIP'>>, IterableIterator<SipSession>>(true);
  const http = appSession.getSession('id', 'HTTP');
  same<typeof http, HttpSession | undefined>(true);
  const value = appSession.runInSession(() => Promise.resolve(7));
  same<typeof value, Promise<number>>(true);

  if (uri.isSipURI()) {
    same<typeof uri, SipURI>(true);
    same<ReturnType<typeof uri.getUser>, string | undefined>(true);
  }
  const content = request.getContent();
  same<typeof content, MessageContent | undefined>(true);
  // The tutorial's line compiles as it stands.
  request.setContent(request.getContent(), request.getContentType());
  same<ReturnType<typeof request.send>, Promise<void>>(true);
  same<ReturnType<typeof request.getFrom>, Address>(true);
  const always = request.getSession();
  const maybe = request.getSession(false);
  same<typeof always, SipSession>(true);
  same<typeof maybe, SipSession | undefined>(true);

  b2bua.createRequest(request, true, headers);
  b2bua.createRequest(session, request, headers);
  // @ts-expect-error -- a session is not a request
  b2bua.createRequest(session);
  // @ts-expect-error -- functions are no plain data
  const data: PlainData = () => 7;
  return data;
}

describe('public types', () => {
  test('status codes and states are literal types', () => {
    const ok: 200 = SipServletResponse.SC_OK;
    const confirmed: 'CONFIRMED' = SipSessionState.CONFIRMED;
    expect([ok, confirmed]).toEqual([200, 'CONFIRMED']);
  });
});
