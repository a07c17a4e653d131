import type { DeployOptions } from 'siplet';
import { Assets } from './assets-servlet.ts';
import { BindingKeeper } from './binding-keeper.ts';
import { CallBook } from './call-book.ts';
import { CallControl } from './call-control.ts';
import type { Database } from './database.ts';
import { LiveUpdates } from './live-updates.ts';
import { LoginThrottle } from './login-throttle.ts';
import { ModelFacade } from './model-facade.ts';
import { PhoneCalls } from './phone-calls.ts';
import { PhonePasses } from './phone-passes.ts';
import { RegistrarSettings } from './registrar-servlet.ts';
import { SystemClock, type WallClock } from './wall-clock.ts';
import { WebPages } from './web-pages.ts';

/** What the application is made of. */
export interface ApplicationParts {
  readonly model: ModelFacade;
  readonly book: CallBook;
  readonly live: LiveUpdates;
  /** What to give to `container.deploy(ClickToDial, …)`. */
  readonly deployOptions: DeployOptions;
}

/** Settings of the application. */
export interface ApplicationSettings {
  readonly domain: string;
  readonly clock?: WallClock;
  /** The digest challenges, in their order; MD5 alone by default, because that is what every phone understands. */
  readonly digest?: readonly ('SHA-256' | 'MD5')[];
  /** `127.0.0.1:5060`, once it is known. */
  sipAddress?(): string | undefined;
  /** Hears about trouble. */
  report?(message: string, cause: unknown): void;
}

/** Puts the parts together; the database may be any MikroORM one. */
export function assemble(database: Pick<Database, 'fork'>, settings: ApplicationSettings): ApplicationParts {
  const { domain } = settings;
  const clock = settings.clock ?? new SystemClock();
  const model = new ModelFacade(() => database.fork(), { domain, clock });
  const book = new CallBook();
  const live = new LiveUpdates(model, book, (message, cause) => settings.report?.(message, cause));
  const passes = new PhonePasses(domain, clock);
  const keeper = new BindingKeeper(model, live);
  const control = new CallControl(book, model, clock);
  const phoneCalls = new PhoneCalls(model);
  const assets = new Assets(new URL('../dist/page/', import.meta.url));
  const pages = new WebPages(model, live, () => {
    const sipAddress = settings.sipAddress?.();
    return { domain, assetVersion: assets.version, ...(sipAddress === undefined ? {} : { sipAddress }) };
  });
  const throttle = new LoginThrottle(clock);
  return {
    model,
    book,
    live,
    deployOptions: {
      providers: [
        { provide: ModelFacade, useValue: model },
        { provide: LiveUpdates, useValue: live },
        { provide: PhonePasses, useValue: passes },
        { provide: BindingKeeper, useValue: keeper },
        { provide: CallControl, useValue: control },
        { provide: PhoneCalls, useValue: phoneCalls },
        { provide: RegistrarSettings, useValue: new RegistrarSettings(settings.digest ?? ['MD5']) },
        { provide: Assets, useValue: assets },
        { provide: WebPages, useValue: pages },
        { provide: LoginThrottle, useValue: throttle },
      ],
    },
  };
}
