import { TooManyHopsError } from '@siplet/api';
import type { ServletHolder } from '../application/servlet-holder.ts';
import { servletThrew } from '../errors.ts';
import type { ContainerRequest } from '../message/request.ts';
import type { ContainerResponse } from '../message/response.ts';
import { isPromise } from '../session/chain.ts';
import type { ContainerSession } from '../session/sip-session.ts';
import type { Kernel } from './kernel.ts';

/** The servlet that handles a session's messages: its handler, else the main servlet (JSR 289 §16.2). */
export function handlerOf(session: ContainerSession): ServletHolder | undefined {
  const { app } = session.parent;
  const { handler } = session.data;
  return (handler === undefined ? undefined : app.servlets.get(handler)) ?? app.mainServlet;
}

/** Calls a servlet. The one place that maps its throw to 500 (483 for exhausted hops) for that call alone. */
export function callServlet(
  kernel: Kernel,
  session: ContainerSession,
  request: ContainerRequest | undefined,
  response: ContainerResponse | undefined,
): void | Promise<void> {
  const servlet = handlerOf(session);
  if (servlet === undefined) return;
  const failed = (error: unknown): void => onThrow(kernel, session, servlet, request, error);
  try {
    const result = session.parent.app.invoke(servlet, request, response);
    if (isPromise(result)) return (result as Promise<void>).catch(failed);
  } catch (error) {
    failed(error);
  }
}

function onThrow(
  kernel: Kernel,
  session: ContainerSession,
  servlet: ServletHolder,
  request: ContainerRequest | undefined,
  cause: unknown,
): void {
  const { name } = session.parent.app;
  const hops = cause instanceof TooManyHopsError;
  if (!hops) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const error = servletThrew.because(cause, servlet.name, name, text);
    const fields = { err: error, cause, code: error.code, app: name, session: session.data.id };
    kernel.logger.error(fields, error.message);
  }
  if (request === undefined || !request.incoming) return;
  if (request.proxy !== undefined && request.proxy.isStarted) return; // its branches answer
  kernel.outbound.refuse(request, hops ? 483 : 500);
}
