import { expect, test } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import type { HttpServletRequest, SipSession } from 'siplet';
import { SipApplication, SipServlet } from 'siplet';

declare module 'siplet' {
  interface SipSessionAttributes {
    'types-test': number;
  }
}

@SipServlet({ name: 'Typed' })
class TypedServlet extends SipServlet {}

@SipApplication({ name: 'Typed', servlets: [TypedServlet] })
class TypedApplication {}

test('SipServlet is base class and decorator in one value', () => {
  expect(new TypedServlet()).toBeInstanceOf(SipServlet);
  expect(TypedApplication.name).toBe('TypedApplication');
});

test('attributes and the platform are typed by interface merging', () => {
  const typed = (session: SipSession, request: HttpServletRequest): [number | undefined, FastifyRequest] => [
    session.getAttribute('types-test'),
    request.getFastifyRequest(),
  ];
  expect(typed).toBeInstanceOf(Function);
});
