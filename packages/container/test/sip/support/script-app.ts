import { Resource, SipApplication, SipApplicationKey, SipListener, SipServlet } from '@siplet/annotations';
import {
  SipApplicationSessionListener,
  SipFactory,
  SipSessionListener,
  SipSessionsUtil,
  TimerService,
} from '@siplet/api';
import type {
  SipApplicationSession,
  SipApplicationSessionEvent,
  SipServletRequest,
  SipServletResponse,
  SipSession,
  SipSessionEvent,
} from '@siplet/api';
import { DigestAuthenticator } from '@siplet/container';
import { createTestContainer } from '@siplet/testing';
import type { ApplicationClass, TestContainer, TestContainerOptions } from '@siplet/testing';

/** What one test's application does; whatever is missing is left to the base servlet. */
export interface Script {
  request?(request: SipServletRequest, app: ScriptApp): void | Promise<void>;
  response?(response: SipServletResponse, app: ScriptApp): void | Promise<void>;
  expired?(session: SipApplicationSession, app: ScriptApp): void | Promise<void>;
  ready?(session: SipSession | SipApplicationSession, app: ScriptApp): void | Promise<void>;
}

/** The container objects of the application, and what it has seen. */
export class ScriptApp {
  factory!: SipFactory;
  timers!: TimerService;
  sessions!: SipSessionsUtil;
  digest!: DigestAuthenticator;
  /** One line per callback: `INVITE`, `180`, `sip created`, … */
  readonly seen: string[] = [];
  readonly requests: SipServletRequest[] = [];
  readonly responses: SipServletResponse[] = [];
  readonly class: ApplicationClass;

  constructor(script: Script, options: AppOptions = {}) {
    this.class = define(script, this, options);
  }

  request(method: string): SipServletRequest {
    const found = this.requests.findLast((request) => request.getMethod() === method);
    if (found === undefined) throw new Error(`no ${method} was seen`);
    return found;
  }

  response(status: number): SipServletResponse {
    const found = this.responses.findLast((response) => response.getStatus() === status);
    if (found === undefined) throw new Error(`no ${status} was seen`);
    return found;
  }
}

function define(script: Script, app: ScriptApp, { key, ...options }: AppOptions): ApplicationClass {
  @SipServlet({ name: 'Main', loadOnStartup: 1 })
  @SipListener(SipSessionListener, SipApplicationSessionListener)
  class Main extends SipServlet {
    @Resource(SipFactory) declare readonly factory: SipFactory;
    @Resource(TimerService) declare readonly timers: TimerService;
    @Resource(SipSessionsUtil) declare readonly sessions: SipSessionsUtil;
    @Resource(DigestAuthenticator) declare readonly digest: DigestAuthenticator;

    override init(): void {
      app.factory = this.factory;
      app.timers = this.timers;
      app.sessions = this.sessions;
      app.digest = this.digest;
    }

    protected override doRequest(request: SipServletRequest): void | Promise<void> {
      app.seen.push(request.getMethod());
      app.requests.push(request);
      return script.request === undefined ? super.doRequest(request) : script.request(request, app);
    }

    protected override doResponse(response: SipServletResponse): void | Promise<void> {
      app.seen.push(String(response.getStatus()));
      app.responses.push(response);
      return script.response?.(response, app);
    }

    protected override doBranchResponse(response: SipServletResponse): void {
      app.seen.push(`branch ${response.getStatus()}`);
    }

    sessionCreated(event: SipSessionEvent | SipApplicationSessionEvent): void {
      app.seen.push('getSession' in event ? 'sip created' : 'app created');
    }

    sessionDestroyed(event: SipSessionEvent | SipApplicationSessionEvent): void {
      app.seen.push('getSession' in event ? 'sip destroyed' : 'app destroyed');
    }

    sessionReadyToInvalidate(event: SipSessionEvent | SipApplicationSessionEvent): void | Promise<void> {
      const sip = 'getSession' in event;
      app.seen.push(sip ? 'sip ready' : 'app ready');
      return script.ready?.(sip ? event.getSession() : event.getApplicationSession(), app);
    }

    sessionExpired(event: SipApplicationSessionEvent): void | Promise<void> {
      app.seen.push('expired');
      return script.expired?.(event.getApplicationSession(), app);
    }
  }

  @SipApplication({ name: 'Script', mainServlet: Main, servlets: [Main], ...options })
  class App {
    @SipApplicationKey
    static key(request: SipServletRequest): string | undefined {
      return key?.(request);
    }
  }
  return App;
}

/** Settings of the application. */
export interface AppOptions {
  readonly sessionTimeout?: number;
  readonly proxyTimeout?: number;
  readonly key?: (request: SipServletRequest) => string | undefined;
}

/** Starts a container with one scripted application. */
export async function startScript(
  script: Script,
  options: AppOptions & Partial<TestContainerOptions> = {},
): Promise<{ t: TestContainer; app: ScriptApp }> {
  const { sessionTimeout, proxyTimeout, key, ...rest } = options;
  const app = new ScriptApp(script, {
    ...(sessionTimeout === undefined ? {} : { sessionTimeout }),
    ...(proxyTimeout === undefined ? {} : { proxyTimeout }),
    ...(key === undefined ? {} : { key }),
  });
  const t = await createTestContainer({ apps: [app.class], ...rest });
  return { t, app };
}
