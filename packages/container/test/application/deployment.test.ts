import { describe, expect, test } from '@jest/globals';
import {
  Resource,
  SipApplication,
  SipApplicationKey,
  SipListener,
  SipServlet,
  WebListener,
  WebServlet,
} from '@siplet/annotations';
import {
  HttpServlet,
  Logger,
  ServletContext,
  ServletContextListener,
  SIP_FACTORY,
  SipFactory,
  SipServletContext,
  SipServletListener,
  SipSessionListener,
  SipSessionsUtil,
  TIMER_SERVICE,
  TimerListener,
  TimerService,
} from '@siplet/api';
import type { ServletConfig, SipServletContextEvent, SipServletRequest } from '@siplet/api';
import { VirtualClock } from '../../../testing/src/virtual-clock.ts';
import { deployApplication } from '../../src/application/deployment.ts';
import type { Deployment, DeployOptions } from '../../src/application/deployment.ts';
import { DigestAuthenticator } from '../../src/auth/digest-authenticator.ts';
import { fakeEnvironment } from '../http/web-harness.ts';

type Log = Record<string, unknown>[];

async function deploy(
  target: abstract new () => object,
  options: DeployOptions = {},
  log: Log = [],
): Promise<Deployment> {
  return deployApplication(target, options, fakeEnvironment(new VirtualClock(), log));
}

class Directory {}
const BILLING = Symbol('billing');

@SipServlet({ name: 'Main' })
class MainServlet extends SipServlet {
  @Resource() declare readonly sipFactory: SipFactory;
  @Resource() declare readonly sessionsUtil: SipSessionsUtil;
  @Resource() declare readonly timerService: TimerService;
  @Resource() declare readonly context: SipServletContext;
  @Resource(ServletContext) declare readonly servletContext: ServletContext;
  @Resource() declare readonly logger: Logger;
  @Resource() declare readonly digest: DigestAuthenticator;
  @Resource() declare readonly directory: Directory;
  @Resource(BILLING) declare readonly billing: unknown;
  @Resource('greeting') declare readonly greeting: string;
}

@SipServlet()
class ConstructedServlet extends SipServlet {
  readonly directory: Directory;
  readonly factory: SipFactory;

  constructor(@Resource() directory: Directory, @Resource() factory: SipFactory) {
    super();
    this.directory = directory;
    this.factory = factory;
  }
}

@SipApplication({ name: 'Injected', mainServlet: MainServlet, servlets: [ConstructedServlet] })
class InjectedApplication {}

const directory = new Directory();
const providers = [
  { provide: Directory, useValue: directory },
  { provide: BILLING, useValue: 'billing' },
  { provide: 'greeting', useValue: 'hello' },
];

function instance<T>(deployment: Deployment, name: string): T {
  return deployment.application.servlets.get(name)?.instance as T;
}

describe('injection', () => {
  test('gives properties the container objects and the providers, after construction', async () => {
    const deployment = await deploy(InjectedApplication, { providers });
    const { context } = deployment.application;
    const servlet = instance<MainServlet>(deployment, 'Main');
    expect(servlet.sipFactory).toBe(context.getAttribute(SIP_FACTORY));
    expect(servlet.timerService).toBe(context.getAttribute(TIMER_SERVICE));
    expect([servlet.context, servlet.servletContext]).toEqual([context, context]);
    expect(servlet.sessionsUtil).toBeDefined();
    expect(servlet.digest).toBeDefined();
    expect(typeof servlet.logger.info).toBe('function');
    expect([servlet.directory, servlet.billing, servlet.greeting]).toEqual([directory, 'billing', 'hello']);
  });

  test('gives constructor parameters in their order', async () => {
    const deployment = await deploy(InjectedApplication, { providers });
    const servlet = instance<ConstructedServlet>(deployment, 'ConstructedServlet');
    expect(servlet.directory).toBe(directory);
    expect(servlet.factory).toBe(deployment.application.context.getAttribute(SIP_FACTORY));
  });

  test('names class, property, type and remedy when nothing fits', async () => {
    await expect(deploy(InjectedApplication)).rejects.toMatchObject({
      code: 'CTR_ERR_INJECT_NO_RESOURCE',
      message: expect.stringMatching(/^MainServlet\.directory: nothing is registered for Directory\. .*providers/),
    });
    await expect(
      deploy(InjectedApplication, { providers: [{ provide: class Directory {}, useValue: 1 }] }),
    ).rejects.toThrow(/Another class of this name is registered/);
  });

  test('a provider goes before the container object of the same token', async () => {
    const mine = {};
    const deployment = await deploy(InjectedApplication, {
      providers: [...providers, { provide: SipFactory, useValue: mine }],
    });
    expect(instance<MainServlet>(deployment, 'Main').sipFactory).toBe(mine);
  });

  test('a constructor that throws is an error with its class and cause', async () => {
    @SipServlet()
    class Throwing extends SipServlet {
      constructor() {
        super();
        throw new Error('no luck');
      }
    }
    @SipApplication({ name: 'Throwing', servlets: [Throwing] })
    class ThrowingApplication {}
    await expect(deploy(ThrowingApplication)).rejects.toMatchObject({
      code: 'CTR_ERR_DEPLOY_CONSTRUCTOR',
      message: expect.stringContaining('The constructor of Throwing failed: no luck'),
      cause: expect.objectContaining({ message: 'no luck' }),
    });
  });
});

describe('with { orm }', () => {
  class EntityManager {}
  class SqlEntityManager extends EntityManager {}

  @SipServlet()
  class DataServlet extends SipServlet {
    @Resource() declare readonly entityManager: EntityManager;
  }
  @SipApplication({ name: 'Data', servlets: [DataServlet] })
  class DataApplication {}

  test('an EntityManager is found by any of its classes', async () => {
    const em = new SqlEntityManager();
    const deployment = await deploy(DataApplication, { orm: { em } });
    expect(instance<DataServlet>(deployment, 'DataServlet').entityManager).toBe(em);
  });

  test('without it an EntityManager is refused with the remedy', async () => {
    await expect(deploy(DataApplication)).rejects.toMatchObject({
      code: 'CTR_ERR_INJECT_NO_ORM',
      message: expect.stringMatching(/^DataServlet\.entityManager: .*Deploy with \{ orm \}/),
    });
  });

  test('each dispatch runs in a RequestContext of its own', async () => {
    const { RequestContext } = await import('@mikro-orm/core');
    let forks = 0;
    const em = { name: 'default', fork: () => ({ number: (forks += 1) }) };
    const { application } = await deploy(DataApplication, { orm: { em: Object.assign(new EntityManager(), em) } });
    const current = (): unknown => RequestContext.getEntityManager();
    expect(current()).toBeUndefined();
    expect(application.around(current)).toEqual({ number: 1 });
    await expect(application.around(async () => Promise.resolve().then(current))).resolves.toEqual({ number: 2 });
  });
});

describe('the main servlet (JSR 289 §16.2)', () => {
  @SipServlet()
  class First extends SipServlet {}
  @SipServlet()
  class Second extends SipServlet {}
  @WebServlet('/')
  class Page extends HttpServlet {}

  test('is the only SIP servlet, whatever HTTP servlets there are', async () => {
    @SipApplication({ name: 'One', servlets: [Page, First] })
    class One {}
    expect((await deploy(One)).application.mainServlet?.name).toBe('First');
  });

  test('has to be named when there are several', async () => {
    @SipApplication({ name: 'Two', servlets: [First, Second] })
    class Two {}
    await expect(deploy(Two)).rejects.toMatchObject({
      code: 'CTR_ERR_DEPLOY_NO_MAIN_SERVLET',
      message: expect.stringContaining('(First, Second)'),
    });
    @SipApplication({ name: 'Named', servlets: [First], mainServlet: Second })
    class Named {}
    expect((await deploy(Named)).application.mainServlet?.name).toBe('Second');
  });

  test('may be missing in an application of HTTP servlets only', async () => {
    @SipApplication({ name: 'Web', servlets: [Page] })
    class Web {}
    const { application } = await deploy(Web);
    expect([application.mainServlet, application.servlets.size]).toEqual([undefined, 0]);
  });
});

describe('the life cycle of servlets', () => {
  const calls: string[] = [];
  const note = (text: string): void => void calls.push(text);

  @SipServlet({ name: 'late', initParams: { a: 'servlet', b: 'servlet' } })
  @SipListener(SipServletListener, SipSessionListener)
  class Late extends SipServlet implements SipServletListener, SipSessionListener {
    override async init(config?: ServletConfig): Promise<void> {
      await Promise.resolve();
      note(`init late ${['a', 'b', 'c'].map((name) => config?.getInitParameter(name)).join(' ')}`);
    }

    override destroy(): void {
      note('destroy late');
    }

    servletInitialized(event: SipServletContextEvent): void {
      note(`announced ${event.getSipServlet().getServletName()}`);
    }

    sessionCreated(): void {
      note(`session heard by ${this.getServletName()}`);
    }

    sessionDestroyed(): void {}

    sessionReadyToInvalidate(): void {}
  }

  @SipServlet({ name: 'second', loadOnStartup: 2 })
  class SecondServlet extends SipServlet {
    override init(): void {
      note(`init second ${this.getServletName()} ${this.getServletContext().getServletContextName()}`);
    }

    override destroy(): void {
      note('destroy second');
      throw new Error('destroy failed');
    }
  }

  @SipServlet({ name: 'first', loadOnStartup: 1 })
  class FirstServlet extends SipServlet {
    override init(): void {
      note('init first');
    }

    override destroy(): void {
      note('destroy first');
    }
  }

  @WebListener(ServletContextListener)
  class ContextListener implements ServletContextListener {
    contextInitialized(): void {
      note('context up');
    }

    contextDestroyed(): void {
      note('context down');
    }
  }

  @SipApplication({
    name: 'Life',
    displayName: 'A life',
    mainServlet: Late,
    servlets: [SecondServlet, FirstServlet],
    listeners: [ContextListener],
    initParams: { a: 'application', b: 'application', c: 'application' },
    contextParams: { color: 'blue', size: 'big' },
  })
  class Life {}

  test('listeners, init by loadOnStartup, announcement once per servlet when all are up, destroy in reverse', async () => {
    calls.length = 0;
    const log: Log = [];
    const environment = fakeEnvironment(new VirtualClock(), log);
    const deployment = await deployApplication(Life, { initParams: { b: 'deploy' } }, environment);
    expect(calls).toEqual([]);
    await deployment.initialize();
    await deployment.announce();
    expect(calls).toEqual([
      'context up',
      'init first',
      'init second second A life',
      'init late servlet deploy application',
      'announced late',
      'announced second',
      'announced first',
    ]);
    calls.length = 0;
    await deployment.destroy(environment.logger);
    await deployment.destroy(environment.logger);
    expect(calls).toEqual(['destroy late', 'destroy second', 'destroy first', 'context down', 'context down']);
    expect(log).toEqual([expect.objectContaining({ servlet: 'second', msg: 'destroy() threw' })]);
  });

  test('a servlet that is a listener is one object (SameInstanceServletTest)', async () => {
    calls.length = 0;
    const deployment = await deploy(Life);
    await deployment.initialize();
    calls.length = 0;
    void deployment.application.listeners.fire('SipSessionListener', 'sessionCreated', {});
    expect(calls).toEqual(['session heard by late']);
  });

  test('context parameters of deploy() go before those of the decorator', async () => {
    const { application } = await deploy(Life, { contextParams: { color: 'red' } });
    expect(['color', 'size', 'none'].map((name) => application.context.getInitParameter(name))).toEqual([
      'red',
      'big',
      undefined,
    ]);
    expect(application.config).toMatchObject({ sessionTimeoutMinutes: 3, proxyTimeoutSeconds: 180, contextPath: '' });
  });

  test('init() that throws fails the start with servlet, application and cause', async () => {
    @SipServlet({ name: 'Broken' })
    class Broken extends SipServlet {
      override async init(): Promise<void> {
        await Promise.resolve();
        throw new Error('no database');
      }
    }
    @SipApplication({ name: 'BrokenApp', servlets: [Broken] })
    class BrokenApplication {}
    const deployment = await deploy(BrokenApplication);
    await expect(deployment.initialize()).rejects.toMatchObject({
      code: 'CTR_ERR_DEPLOY_INIT',
      message: expect.stringContaining('Servlet "Broken" of BrokenApp failed in init(): no database'),
    });
  });
});

describe('what cannot be deployed', () => {
  test.each([
    [{ provider: [] }, 'CTR_ERR_OPT_UNKNOWN', 'There is no option deploy.provider. Did you mean "providers"?'],
    [{ http: {} }, 'CTR_ERR_OPT_INVALID', 'Option deploy.http is {}; it must be a function'],
    [{ orm: {} }, 'CTR_ERR_OPT_INVALID', 'it must be a MikroORM instance'],
    [{ contextPath: 'shop' }, 'CTR_ERR_OPT_INVALID', 'it must be empty or a path that starts with "/"'],
  ])('%j as options', async (options, code, message) => {
    await expect(deploy(InjectedApplication, options as DeployOptions)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test('a class without @SipApplication', async () => {
    await expect(deploy(class Plain {})).rejects.toMatchObject({ code: 'CTR_ERR_DEPLOY_NOT_APPLICATION' });
  });

  test('two timer listeners (JSR 289 §8.3)', async () => {
    class Timers implements TimerListener {
      timeout(): void {}
    }
    @SipListener(TimerListener)
    class One extends Timers {}
    @SipListener(TimerListener)
    class Two extends Timers {}
    @SipApplication({ name: 'Timers', listeners: [One, Two] })
    class TimersApplication {}
    await expect(deploy(TimersApplication)).rejects.toThrow(/several timer listeners \(One, Two\)/);
  });

  test('two servlets with one URL pattern', async () => {
    @WebServlet('/x')
    class One extends HttpServlet {}
    @WebServlet(['/y', '/x'])
    class Two extends HttpServlet {}
    @SipApplication({ name: 'Patterns', servlets: [One, Two] })
    class Patterns {}
    await expect(deploy(Patterns)).rejects.toThrow(/the URL pattern "\/x" belongs to both One and Two/);
  });

  test('two @SipApplicationKey methods; one is found wherever it is', async () => {
    @SipServlet()
    class Keyed extends SipServlet {
      @SipApplicationKey
      static key(request: SipServletRequest): string | undefined {
        return request === undefined ? 'none' : undefined;
      }
    }
    @SipApplication({ name: 'Keyed', servlets: [Keyed] })
    class KeyedApplication {}
    const { application } = await deploy(KeyedApplication);
    expect(application.applicationKey?.(undefined as never)).toBe('none');
    @SipApplication({ name: 'TwiceKeyed', servlets: [Keyed] })
    class TwiceKeyed {
      @SipApplicationKey
      static key(): string | undefined {
        return undefined;
      }
    }
    await expect(deploy(TwiceKeyed)).rejects.toMatchObject({ code: 'CTR_ERR_DEPLOY_APPLICATION_KEYS' });
  });
});
