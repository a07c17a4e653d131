import { expect, test } from '@jest/globals';
import { RequestContext } from '@mikro-orm/core';
import { SipApplication, WebServlet } from '@siplet/annotations';
import { HttpServlet } from '@siplet/api';
import type { HttpServletRequest, HttpServletResponse } from '@siplet/api';
import { webHarness } from './web-harness.ts';

const current = (): unknown => RequestContext.getEntityManager();

@WebServlet('/')
class Data extends HttpServlet {
  protected override async doGet(_request: HttpServletRequest, response: HttpServletResponse): Promise<void> {
    const before = current();
    await Promise.resolve();
    response.json([before, current()]);
  }
}

@SipApplication({ name: 'Data', servlets: [Data] })
class DataApplication {}

test('each HTTP request has an EntityManager of its own while its servlet works', async () => {
  let forks = 0;
  const em = { name: 'default', fork: () => ({ fork: (forks += 1) }) };
  await using web = await webHarness(DataApplication, { orm: { em } });
  const before = forks; // init() had one
  const read = async (): Promise<unknown> => JSON.parse((await web.request('GET', '/')).body);
  expect(await read()).toEqual([{ fork: before + 1 }, { fork: before + 1 }]);
  expect(await read()).toEqual([{ fork: before + 2 }, { fork: before + 2 }]);
  expect(current()).toBeUndefined();
});
