// MikroORM is optional: it is loaded only for an application that is deployed with { orm }.
import { ormModule } from '../errors.ts';
import type { ResourceFinder } from './injector.ts';

/** What the container uses of a MikroORM instance. */
export interface OrmLike {
  readonly em: object;
}

interface OrmModule {
  readonly RequestContext: { create<T>(em: object, work: () => T): T };
}

/** Runs work in a database context of its own. */
export type Around = <T>(work: () => T) => T;

/** Just runs the work: for applications without a database. */
export const aroundNothing: Around = (work) => work();

/**
 * Makes the function that gives each dispatch and each HTTP request its own EntityManager.
 * @throws {ContainerError} CTR_ERR_DEPLOY_ORM
 */
export async function ormAround(application: string, orm: OrmLike): Promise<Around> {
  const name: string = '@mikro-orm/core';
  let core: OrmModule;
  try {
    core = (await import(name)) as OrmModule;
  } catch (error) {
    throw ormModule.because(error, application, error instanceof Error ? error.message : String(error));
  }
  return (work) => core.RequestContext.create(orm.em, work);
}

/** Finds the EntityManager (by any of its classes) and the MikroORM object itself. */
export function ormFinder(orm: OrmLike): ResourceFinder {
  return (token) => {
    if (typeof token !== 'function' || token === Object) return undefined;
    if (orm.em instanceof token) return orm.em;
    return orm instanceof token ? orm : undefined;
  };
}
