import { describe, expect, test } from '@jest/globals';
import { formatCookie, parseCookies } from '../../src/http/cookies.ts';
import { accepts, prefersHtml, quality } from '../../src/http/negotiation.ts';

describe('cookies (RFC 6265)', () => {
  test('are read by name; of several with one name the first counts', () => {
    const cookies = parseCookies('a=1; b="two%20words" ; a=2; =x; broken; c=%zz; __proto__=p');
    expect([...cookies]).toEqual([
      ['a', '1'],
      ['b', 'two words'],
      ['', 'x'],
      ['c', '%zz'],
      ['__proto__', 'p'],
    ]);
    expect(parseCookies(undefined).size).toBe(0);
  });

  test('are written with their attributes, and what a value cannot hold is encoded', () => {
    expect(
      formatCookie({
        name: 'a',
        value: 'x;y ü',
        path: '/p',
        maxAge: 60.5,
        httpOnly: true,
        secure: true,
        sameSite: 'strict',
      }),
    ).toBe('a=x%3By%20%C3%BC; Max-Age=60; Path=/p; HttpOnly; Secure; SameSite=Strict');
    expect(formatCookie({ name: 'a', value: 'b', domain: 'example.com' })).toBe('a=b; Domain=example.com');
  });

  test.each([
    { name: 'a b', value: '' },
    { name: 'a\r\nX', value: '' },
    { name: 'a', value: '', path: '/;Secure' },
    { name: 'a', value: '', domain: 'x\n' },
  ])('%j is refused', (cookie) => {
    expect(() => formatCookie(cookie)).toThrow(expect.objectContaining({ code: 'CTR_ERR_HTTP_HEADER' }));
  });
});

describe('content negotiation (RFC 9110 §12.5.1)', () => {
  test.each([
    [undefined, 'text/html', 1],
    ['*/*', 'text/html', 1],
    ['text/*;q=0.5, */*;q=0.1', 'text/html', 0.5],
    ['text/*, text/html;q=0', 'text/html', 0],
    ['application/json', 'text/html', 0],
    ['text/html;q=x', 'text/html', 0],
  ])('%j gives %s quality %d', (header, type, expected) => {
    expect(quality(header, type)).toBe(expected);
    expect(accepts(header, type)).toBe(expected > 0);
  });

  test.each([
    [undefined, false],
    ['*/*', false],
    ['text/html,application/xhtml+xml,*/*;q=0.8', true],
    ['application/json, text/html;q=0.9', false],
    ['text/html, application/json', true],
  ])('%j prefers a page: %j', (header, expected) => {
    expect(prefersHtml(header)).toBe(expected);
  });
});
