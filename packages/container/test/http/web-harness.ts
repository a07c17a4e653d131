// One application's web part on Fastify's inject, with a virtual clock and without a SIP side.
import type { SipServletContext } from '@siplet/api';
import { VirtualClock } from '../../../testing/src/virtual-clock.ts';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import type { ApplicationSession } from '../../src/session/application-session.ts';
import { deployApplication } from '../../src/application/deployment.ts';
import type { Deployment, DeploymentEnvironment, DeployOptions } from '../../src/application/deployment.ts';
import { HttpServer } from '../../src/http/server.ts';
import { createLogger } from '../../src/logging.ts';
import { resolveOptions } from '../../src/options.ts';
import type { HttpOptions } from '../../src/options.ts';

/** Stands for the SIP side: its application sessions only count who entered them. */
export class FakeApplicationSession {
  readonly httpSessions = new Map<string, { invalidate(): void }>();
  readonly entered: string[] = [];
  valid = true;

  addHttpSession(id: string, session: { invalidate(): void }): void {
    this.httpSessions.set(id, session);
  }

  removeHttpSession(id: string): void {
    this.httpSessions.delete(id);
  }

  isValid(): boolean {
    return this.valid;
  }

  async runInSession<T>(work: () => T | Promise<T>): Promise<T> {
    this.entered.push('in');
    const result = await work();
    this.entered.push('out');
    return result;
  }
}

export interface WebHarness extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly fastify: FastifyInstance;
  readonly deployment: Deployment;
  readonly context: SipServletContext;
  readonly log: Record<string, unknown>[];
  readonly applicationSessions: FakeApplicationSession[];
  readonly server: HttpServer;
  request(
    method: string,
    url: string,
    options?: { headers?: Record<string, string>; payload?: string | object; form?: Record<string, string> },
  ): Promise<LightMyRequestResponse>;
}

/** The environment of a deployment whose SIP side is pretended. */
export function fakeEnvironment(
  clock: VirtualClock,
  log: Record<string, unknown>[],
): DeploymentEnvironment & {
  readonly applicationSessions: FakeApplicationSession[];
} {
  const applicationSessions: FakeApplicationSession[] = [];
  const resource = (): object => ({});
  let counter = 0;
  return {
    applicationSessions,
    clock,
    random: {
      bytes(length) {
        counter += 1;
        return Uint8Array.from({ length }, (_, index) => (counter * 31 + index * 7) % 256);
      },
    },
    logger: createLogger({
      level: 'debug',
      pretty: false,
      destination: { write: (line) => void log.push(JSON.parse(line) as Record<string, unknown>) },
    }),
    host: { flowById: () => undefined } as unknown as DeploymentEnvironment['host'],
    runtime: {
      factoryFor: resource,
      sessionsUtilFor: resource,
      timerServiceFor: resource,
      digestFor: resource,
      sessions: {
        createApplicationSession(): ApplicationSession {
          const session = new FakeApplicationSession();
          applicationSessions.push(session);
          return session as unknown as ApplicationSession;
        },
      },
    } as unknown as DeploymentEnvironment['runtime'],
    httpSessionSeconds: 1800,
  };
}

/** Deploys an application class and makes its web part answer `inject`. */
export async function webHarness(
  application: abstract new () => object,
  options: DeployOptions = {},
  http: HttpOptions = {},
): Promise<WebHarness> {
  const clock = new VirtualClock();
  const log: Record<string, unknown>[] = [];
  const environment = fakeEnvironment(clock, log);
  const deployment = await deployApplication(application, options, environment);
  const server = new HttpServer(resolveOptions({ http }).http, environment.logger);
  server.add(deployment.web);
  await deployment.initialize();
  await server.ready();
  const { fastify } = server;
  return {
    clock,
    fastify,
    deployment,
    server,
    context: deployment.application.context,
    log,
    applicationSessions: environment.applicationSessions,
    async request(method, url, { headers = {}, payload, form } = {}) {
      const body = form === undefined ? payload : new URLSearchParams(form).toString();
      const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
      return fastify.inject({
        method: method as 'GET',
        url,
        headers: { ...type, ...headers },
        ...(body === undefined ? {} : { payload: body }),
      });
    },
    async [Symbol.asyncDispose]() {
      await server.close(Promise.resolve());
      await deployment.destroy(environment.logger);
    },
  };
}

/** The session cookie of a response as a Cookie header value. */
export function cookieOf(response: LightMyRequestResponse): string {
  const [cookie] = response.cookies;
  return cookie === undefined ? '' : `${cookie.name}=${cookie.value}`;
}
