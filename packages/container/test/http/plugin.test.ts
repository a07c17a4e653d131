import { describe, expect, test } from '@jest/globals';
import fastifyStatic from '@fastify/static';
import { SipApplication, WebServlet } from '@siplet/annotations';
import { HttpServlet, IllegalStateError } from '@siplet/api';
import type { HttpServletRequest, HttpServletResponse } from '@siplet/api';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { webHarness } from './web-harness.ts';

@WebServlet('/calls')
class Calls extends HttpServlet {
  protected override doGet(_request: HttpServletRequest, response: HttpServletResponse): void {
    response.json([]);
  }
}

@WebServlet('/')
class Fallback extends HttpServlet {
  protected override doGet(request: HttpServletRequest, response: HttpServletResponse): void {
    response.write(`fallback ${request.getServletPath()}`);
  }
}

@WebServlet('/raw')
class Raw extends HttpServlet {
  protected override doGet(_request: HttpServletRequest, response: HttpServletResponse): void {
    void response.getFastifyReply().code(418).send('by fastify');
    expect(() => response.write('late')).toThrow(IllegalStateError);
  }
}

@SipApplication({ name: 'Plain', servlets: [Calls, Raw] })
class Plain {}
@SipApplication({ name: 'WithDefault', servlets: [Calls, Fallback] })
class WithDefault {}

const root = dirname(fileURLToPath(import.meta.url));

describe('the Fastify side of an application', () => {
  test('@fastify/static serves files beside servlets; what it does not have is the usual 404', async () => {
    await using web = await webHarness(Plain, { http: (fastify) => void fastify.register(fastifyStatic, { root }) });
    const file = await web.request('GET', '/web-harness.ts');
    expect([file.statusCode, file.body.startsWith('// One application')]).toEqual([200, true]);
    expect(file.headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
    expect(file.headers['set-cookie']).toBeUndefined();
    expect((await web.request('GET', '/calls')).body).toBe('[]');
    const missing = await web.request('GET', '/none.css');
    expect([missing.statusCode, JSON.parse(missing.body).code]).toEqual([404, 'CTR_ERR_HTTP_NOT_FOUND']);
    expect((await web.request('GET', '/../package.json')).statusCode).toBe(404);
  });

  test('a default servlet takes what the static files do not have', async () => {
    const http = async (fastify: import('fastify').FastifyInstance): Promise<void> => {
      await fastify.register(fastifyStatic, { root });
    };
    await using web = await webHarness(WithDefault, { contextPath: '/app', http });
    expect((await web.request('GET', '/app/none')).body).toBe('fallback /none');
    expect((await web.request('GET', '/app/servlet.test.ts')).body).toContain('describe(');
  });

  test('routes with schemas and hooks can be added; their errors have the same form', async () => {
    await using web = await webHarness(Plain, {
      http: (fastify) => {
        fastify.addHook('onSend', async (_request, reply) => void reply.header('x-app', 'Plain'));
        const schema = { querystring: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } } };
        fastify.get('/typed', { schema }, async (request) => request.query);
        fastify.get('/broken', async () => Promise.reject(new Error('secret')));
      },
    });
    expect((await web.request('GET', '/typed?n=1')).body).toBe('{"n":1}');
    const bad = await web.request('GET', '/typed');
    expect([bad.statusCode, JSON.parse(bad.body)]).toEqual([
      400,
      { error: "querystring must have required property 'n'", status: 400, code: 'FST_ERR_VALIDATION' },
    ]);
    const broken = await web.request('GET', '/broken');
    expect([broken.statusCode, broken.body]).toEqual([500, '{"error":"Internal Server Error","status":500}']);
    expect(web.log).toEqual([expect.objectContaining({ msg: 'An HTTP route threw', path: '/broken' })]);
    expect((await web.request('GET', '/calls')).headers['x-app']).toBe('Plain');
  });

  test('a servlet may answer through the Fastify reply', async () => {
    await using web = await webHarness(Plain);
    const { statusCode, body } = await web.request('GET', '/raw');
    expect([statusCode, body]).toEqual([418, 'by fastify']);
    expect(web.log).toEqual([]);
  });

  test('a not-found handler of the plugin wins, unless servlets need its place', async () => {
    const http = (fastify: import('fastify').FastifyInstance): void => {
      fastify.setNotFoundHandler(async (_request, reply) => reply.code(404).send('mine'));
    };
    await using web = await webHarness(Plain, { http });
    expect((await web.request('GET', '/none')).body).toBe('mine');
    await expect(webHarness(WithDefault, { http })).rejects.toMatchObject({ code: 'CTR_ERR_DEPLOY_NOT_FOUND_HANDLER' });
  });
});
