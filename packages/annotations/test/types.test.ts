// Assertions about public types: `npx tsc -p tsconfig.test.json` checks them, jest only runs what is left.
import { describe, expect, test } from '@jest/globals';
import {
  getSipServletMetadata,
  SipListener,
  SipServlet,
  WebServlet,
  type SipServletMetadata,
} from '@siplet/annotations';
import {
  HttpServlet,
  SipApplicationSessionListener,
  SipServlet as SipServletBase,
  SipSessionListener,
  type SipApplicationSessionEvent,
  type SipServletRequest,
  type SipServletResponse,
  type SipSessionEvent,
} from '@siplet/api';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles with `true` only when the two types are the same. */
function same<A, B>(_proof: Equal<A, B>): void {}

class Both extends SipServlet {
  sessionCreated(_event: SipSessionEvent | SipApplicationSessionEvent): void {}
  sessionDestroyed(): void {}
  sessionExpired(): void {}
  sessionReadyToInvalidate(): void {}
  protected override doInvite(request: SipServletRequest): void | Promise<void> {
    return super.doInvite(request);
  }
}

class Plain {}
class Page extends HttpServlet {}

/** Never called: its types are the test. */
export function assertions(response: SipServletResponse, servlet: SipServlet): unknown {
  // The name is a type as well, that of the instances.
  same<SipServlet, SipServletBase>(true);
  same<InstanceType<typeof SipServlet>, SipServletBase>(true);
  same<ReturnType<typeof servlet.service>, void | Promise<void>>(true);
  same<ReturnType<typeof getSipServletMetadata>, SipServletMetadata | undefined>(true);
  // @ts-expect-error -- the base class is abstract
  const made = new SipServlet();
  // @ts-expect-error -- handlers are protected
  void servlet.doSuccessResponse(response);
  // @ts-expect-error -- not a SIP servlet
  SipServlet({ name: 'x' })(Page);
  // @ts-expect-error -- no such option
  SipServlet({ nmae: 'x' });
  // @ts-expect-error -- not an HTTP servlet
  WebServlet('/')(Both);
  // @ts-expect-error -- the methods of the noun are missing
  SipListener(SipSessionListener)(Plain);
  // @ts-expect-error -- not a noun
  SipListener(Page);
  return made;
}

describe('public types', () => {
  test('a listener of two nouns that share method names takes both events', () => {
    expect(() => SipListener(SipSessionListener, SipApplicationSessionListener)(Both)).not.toThrow();
  });
});
