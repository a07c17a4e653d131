import { SipletError } from '@siplet/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { servletThrew } from '../errors.ts';
import { Exchange } from './exchange.ts';
import { splitPath } from './mapping.ts';
import type { UrlPattern } from './mapping.ts';
import { pathOf } from './request.ts';
import type { WebServletHolder, WebUnit } from './web-unit.ts';

/** Runs one servlet for one request; never rejects. */
export async function dispatch(
  unit: WebUnit,
  holder: WebServletHolder,
  pattern: UrlPattern,
  fastifyRequest: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const path = pathWithin(unit, fastifyRequest);
  const exchange = new Exchange(unit, fastifyRequest, reply, splitPath(pattern, path));
  unit.began();
  try {
    await enter(exchange, async () => {
      await holder.instance.service(exchange.request, exchange.response);
    });
  } catch (error) {
    fail(exchange, holder, error);
  } finally {
    unit.returned();
  }
  if (exchange.asyncContext === undefined) exchange.response.finish();
}

/** The decoded path below the application's context path. */
export function pathWithin(unit: WebUnit, request: FastifyRequest): string {
  const path = pathOf(request.raw.url ?? '/').slice(unit.contextPath.length);
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

// A request of a session that is bound to an application session is one turn of its mailbox, which brings its own
// database context.
async function enter(exchange: Exchange, work: () => Promise<void>): Promise<void> {
  const applicationSession = exchange.session(false)?.boundApplicationSession;
  await (applicationSession === undefined ? exchange.unit.around(work) : applicationSession.runInSession(work));
}

function fail(exchange: Exchange, holder: WebServletHolder, cause: unknown): void {
  const { unit, response, asyncContext } = exchange;
  if (cause instanceof SipletError && cause.fault === 'remote' && cause.status !== undefined) {
    response.fail(cause, cause.status, cause.message);
  } else {
    const error = servletThrew.because(
      cause,
      holder.name,
      unit.name,
      cause instanceof Error ? cause.message : String(cause),
    );
    unit.logger.error(
      { err: cause, code: error.code, servlet: holder.name, reqId: exchange.fastifyRequest.id },
      error.message,
    );
    response.fail(error, 500, undefined);
  }
  asyncContext?.failed(cause);
}
