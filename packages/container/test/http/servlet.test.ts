import { describe, expect, test } from '@jest/globals';
import { Resource, SipApplication, WebServlet } from '@siplet/annotations';
import { HttpServlet, Logger, SipServletContext } from '@siplet/api';
import type { HttpServletRequest, HttpServletResponse } from '@siplet/api';
import { webHarness } from './web-harness.ts';

@WebServlet('/calls/*')
class CallsServlet extends HttpServlet {
  @Resource() declare readonly logger: Logger;
  @Resource() declare readonly context: SipServletContext;

  protected override doGet(request: HttpServletRequest, response: HttpServletResponse): void {
    response.json({
      servletPath: request.getServletPath(),
      pathInfo: request.getPathInfo(),
      uri: request.getRequestURI(),
      query: request.getQueryString(),
      to: request.getParameterValues('to'),
      context: this.context.getContextPath(),
      name: this.getServletName(),
    });
  }

  protected override async doPost(request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    await Promise.resolve();
    response.setStatus(202);
    response.json({ content: request.getContent(), to: request.getParameter('to') });
  }

  protected override doDelete(request: HttpServletRequest, response: HttpServletResponse): void {
    if (request.getPathInfo() === '/nobody') response.sendError(404, 'No such call <b>');
    else response.setStatus(204);
  }
}

@WebServlet(['/exact', '*.json'])
class ExactServlet extends HttpServlet {
  protected override doGet(request: HttpServletRequest, response: HttpServletResponse): void {
    response.write(`${request.getServletPath()} ${String(request.getPathInfo())}`);
  }
}

@WebServlet('/')
class DefaultServlet extends HttpServlet {
  protected override doGet(_request: HttpServletRequest, response: HttpServletResponse): void {
    response.setContentType('text/html');
    response.write('<p>default');
  }
}

@WebServlet('/broken')
class BrokenServlet extends HttpServlet {
  protected override async doGet(): Promise<void> {
    await Promise.resolve();
    throw new Error('secret detail');
  }

  protected override doPost(_request: HttpServletRequest, response: HttpServletResponse): void {
    response.sendRedirect('/calls/1?name=ü\r\nX: y', 303);
  }

  protected override doPut(_request: HttpServletRequest, response: HttpServletResponse): void {
    response.setHeader('X-Name', 'a\r\nSet-Cookie: b=c');
  }
}

@WebServlet(['/both', '/both/*'])
class BothServlet extends HttpServlet {
  protected override doGet(request: HttpServletRequest, response: HttpServletResponse): void {
    response.write(`${request.getServletPath()} ${request.getPathInfo()}`);
  }
}

@SipApplication({ name: 'Web', servlets: [BothServlet, CallsServlet, ExactServlet, DefaultServlet, BrokenServlet] })
class WebApplication {}

describe('mapping of URLs to servlets (Servlet 3.0 §12)', () => {
  test('a prefix pattern splits the path into servlet path and path info', async () => {
    await using web = await webHarness(WebApplication);
    const { statusCode, body } = await web.request('GET', '/calls/17%2F3/x?to=a&to=b%20c');
    expect(statusCode).toBe(200);
    expect(JSON.parse(body)).toEqual({
      servletPath: '/calls',
      pathInfo: '/17/3/x',
      uri: '/calls/17%2F3/x',
      query: 'to=a&to=b%20c',
      to: ['a', 'b c'],
      context: '',
      name: 'CallsServlet',
    });
    expect(JSON.parse((await web.request('GET', '/calls')).body)).toMatchObject({ servletPath: '/calls' });
  });

  test('exact goes before extension, extension before default', async () => {
    await using web = await webHarness(WebApplication);
    expect((await web.request('GET', '/exact')).body).toBe('/exact undefined');
    expect((await web.request('GET', '/deep/x.json')).body).toBe('/deep/x.json undefined');
    expect((await web.request('GET', '/exactly')).body).toBe('<p>default');
    expect((await web.request('GET', '/')).body).toBe('<p>default');
  });

  test('an exact pattern may stand beside the prefix pattern of the same path, and goes first', async () => {
    await using web = await webHarness(WebApplication);
    expect((await web.request('GET', '/both')).body).toBe('/both undefined');
    expect((await web.request('GET', '/both/1')).body).toBe('/both /1');
  });

  test('an address that cannot be decoded is 400 in the usual form', async () => {
    await using web = await webHarness(WebApplication);
    const { statusCode, body, headers } = await web.request('GET', '/%zz');
    expect([statusCode, JSON.parse(body).code]).toEqual([400, 'FST_ERR_BAD_URL']);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
  });

  test('a context path prefixes every servlet and is told to the servlet', async () => {
    await using web = await webHarness(WebApplication, { contextPath: '/shop' });
    expect(JSON.parse((await web.request('GET', '/shop/calls/1')).body)).toMatchObject({
      context: '/shop',
      servletPath: '/calls',
      pathInfo: '/1',
    });
    const bare = await web.request('GET', '/shop');
    expect([bare.statusCode, bare.headers.location]).toEqual([302, '/shop/']);
    expect((await web.request('GET', '/calls/1')).statusCode).toBe(404);
  });
});

describe('requests', () => {
  test('a form body gives parameters, a JSON body gives content and no parameters', async () => {
    await using web = await webHarness(WebApplication);
    const form = await web.request('POST', '/calls?to=query', { form: { to: 'bob & co' } });
    expect(form.statusCode).toBe(202);
    expect(JSON.parse(form.body)).toEqual({ content: { to: 'bob & co' }, to: 'query' });
    const json = await web.request('POST', '/calls', { payload: { to: 'bob' } });
    expect(JSON.parse(json.body)).toEqual({ content: { to: 'bob' } });
  });

  test('an empty JSON body is no body, as fetch() sends it with DELETE', async () => {
    await using web = await webHarness(WebApplication);
    const response = await web.request('DELETE', '/calls/1', { headers: { 'content-type': 'application/json' } });
    expect([response.statusCode, response.body]).toEqual([204, '']);
  });

  test('a body beyond the limit is refused with 413 and a code', async () => {
    await using web = await webHarness(WebApplication, {}, { bodyLimitBytes: 1000 });
    const response = await web.request('POST', '/calls', { payload: { to: 'x'.repeat(1000) } });
    expect(response.statusCode).toBe(413);
    expect(JSON.parse(response.body)).toEqual({
      error: 'The request body is larger than 1000 bytes.',
      status: 413,
      code: 'CTR_ERR_HTTP_BODY_TOO_LARGE',
    });
  });

  test('broken JSON, JSON with __proto__ and unknown content types are refused with a code', async () => {
    await using web = await webHarness(WebApplication);
    const json = { headers: { 'content-type': 'application/json' } };
    const broken = await web.request('POST', '/calls', { ...json, payload: '{"to":' });
    expect([broken.statusCode, JSON.parse(broken.body).code]).toEqual([400, 'CTR_ERR_HTTP_BODY_SYNTAX']);
    const proto = await web.request('POST', '/calls', { ...json, payload: '{"__proto__":{"a":1}}' });
    expect([proto.statusCode, JSON.parse(proto.body).code]).toEqual([400, 'CTR_ERR_HTTP_BODY_SYNTAX']);
    const xml = await web.request('POST', '/calls', { headers: { 'content-type': 'text/xml' }, payload: '<a/>' });
    expect([xml.statusCode, JSON.parse(xml.body).code]).toEqual([415, 'CTR_ERR_HTTP_MEDIA_TYPE']);
  });
});

describe('responses', () => {
  test('HEAD runs doGet and has its headers without a body', async () => {
    await using web = await webHarness(WebApplication);
    const response = await web.request('HEAD', '/exact');
    expect([response.statusCode, response.body, response.headers['content-length']]).toEqual([200, '', '16']);
  });

  test('a method without handler is answered 405 with Allow', async () => {
    await using web = await webHarness(WebApplication);
    const response = await web.request('PUT', '/exact');
    expect([response.statusCode, response.headers.allow]).toEqual([405, 'OPTIONS, GET, HEAD']);
    expect((await web.request('OPTIONS', '/exact')).headers.allow).toBe('OPTIONS, GET, HEAD');
  });

  test('a throwing servlet is answered 500 without its text, and logged with CTR_ERR_SERVLET_THREW', async () => {
    await using web = await webHarness(WebApplication);
    const response = await web.request('GET', '/broken');
    expect(response.statusCode).toBe(500);
    expect(JSON.parse(response.body)).toEqual({
      error: 'Internal Server Error',
      status: 500,
      code: 'CTR_ERR_SERVLET_THREW',
    });
    expect(web.log).toEqual([
      expect.objectContaining({
        level: 50,
        code: 'CTR_ERR_SERVLET_THREW',
        app: 'Web',
        servlet: 'BrokenServlet',
        msg: 'Servlet "BrokenServlet" of Web threw: secret detail',
      }),
    ]);
  });

  test('errors are a page for browsers and an object for programs; text is escaped, and no stack is shown', async () => {
    await using web = await webHarness(WebApplication);
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const page = await web.request('DELETE', '/calls/nobody', { headers: { accept } });
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.body).toContain('<p>No such call &lt;b&gt;</p>');
    const json = await web.request('DELETE', '/calls/nobody');
    expect(JSON.parse(json.body)).toEqual({ error: 'No such call <b>', status: 404 });
    const thrown = await web.request('GET', '/broken', { headers: { accept } });
    expect(thrown.body).toContain('500 Internal Server Error');
    expect(thrown.body).not.toMatch(/secret|\.ts|at /);
  });

  test('line breaks cannot enter a redirect or a header', async () => {
    await using web = await webHarness(WebApplication);
    const redirect = await web.request('POST', '/broken');
    expect([redirect.statusCode, redirect.headers.location]).toEqual([303, '/calls/1?name=%C3%BC%0D%0AX:%20y']);
    const header = await web.request('PUT', '/broken');
    expect(header.statusCode).toBe(500);
    expect(header.headers['set-cookie']).toBeUndefined();
    expect(web.log[0]).toMatchObject({ err: { code: 'CTR_ERR_HTTP_HEADER' } });
  });

  test('every response carries the security headers, and an application may replace the policy', async () => {
    await using web = await webHarness(WebApplication, { contentSecurityPolicy: "default-src 'none'" });
    const { headers } = await web.request('GET', '/exact');
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    });
    await using plain = await webHarness(WebApplication);
    expect((await plain.request('GET', '/exact')).headers['content-security-policy']).toContain("default-src 'self'");
  });
});

describe('requests from other sites', () => {
  const post = async (headers: Record<string, string>): Promise<number> => {
    await using web = await webHarness(WebApplication, {}, { allowedOrigins: ['https://partner.example'] });
    const response = await web.request('POST', '/calls', {
      headers: { host: 'pbx.example:8080', ...headers },
      form: { to: 'x' },
    });
    return response.statusCode;
  };

  test.each([
    ['no browser header', {}, 202],
    ['Sec-Fetch-Site same-origin', { 'sec-fetch-site': 'same-origin' }, 202],
    ['Sec-Fetch-Site none', { 'sec-fetch-site': 'none' }, 202],
    ['Sec-Fetch-Site cross-site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['Sec-Fetch-Site same-site, a neighbour', { 'sec-fetch-site': 'same-site' }, 403],
    ['our own Origin', { origin: 'http://pbx.example:8080' }, 202],
    ['our own Origin behind TLS on another port', { origin: 'https://pbx.example' }, 403],
    ['a foreign Origin', { origin: 'http://evil.example' }, 403],
    ['Origin null, a sandboxed page', { origin: 'null' }, 403],
    ['a listed Origin', { origin: 'https://partner.example', 'sec-fetch-site': 'cross-site' }, 202],
  ])('%s', async (_name, headers, status) => {
    expect(await post(headers as Record<string, string>)).toBe(status);
  });

  test('safe methods pass, so that links from elsewhere work', async () => {
    await using web = await webHarness(WebApplication);
    expect((await web.request('GET', '/exact', { headers: { 'sec-fetch-site': 'cross-site' } })).statusCode).toBe(200);
  });
});
