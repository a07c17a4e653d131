import type { Minutes, Seconds } from '@siplet/api';
import { AnnotationError } from './errors.ts';
import {
  APPLICATION,
  getListenerKinds,
  getSipServletMetadata,
  getWebServletMetadata,
  writeOnce,
  type Class,
  type Concurrency,
  type InitParameters,
} from './metadata.ts';

/** Options of `@SipApplication`. */
export interface SipApplicationOptions {
  /** The name that routers use. */
  readonly name: string;
  readonly displayName?: string;
  readonly description?: string;
  /** The servlet that gets initial requests; it need not be listed again under `servlets`. */
  readonly mainServlet?: Class;
  readonly servlets?: readonly Class[];
  /** Listener classes that are not servlets. */
  readonly listeners?: readonly Class[];
  /** Minutes until an application session expires; default 3, 0 or less means never. */
  readonly sessionTimeout?: Minutes;
  /** Seconds that a proxy waits; default 180. */
  readonly proxyTimeout?: Seconds;
  readonly distributable?: boolean;
  /** What runs one after another; default `applicationSession`. */
  readonly concurrency?: Concurrency;
  readonly contextParams?: InitParameters;
  readonly initParams?: InitParameters;
  /** The path prefix of the web part; begins with `/`, `''` is the root. */
  readonly contextPath?: string;
}

/** Makes a class the root of an application. @throws {AnnotationError} ANN_ERR_NAME and others, naming class and option */
export function SipApplication(options: SipApplicationOptions): (target: Class) => void {
  return (target) => {
    const label = target.name;
    if (typeof options.name !== 'string' || options.name.trim() === '') {
      throw new AnnotationError('ANN_ERR_NAME', label, '@SipApplication');
    }
    checkOptions(label, options);
    const servlets = collectServlets(label, options);
    const listeners = checkListeners(label, options.listeners ?? []);
    writeOnce(APPLICATION, target, {
      name: options.name,
      displayName: options.displayName,
      description: options.description,
      mainServlet: options.mainServlet,
      servlets,
      listeners,
      sessionTimeout: options.sessionTimeout ?? 3,
      proxyTimeout: options.proxyTimeout ?? 180,
      distributable: options.distributable ?? false,
      concurrency: options.concurrency ?? 'applicationSession',
      contextParams: { ...options.contextParams },
      initParams: { ...options.initParams },
      contextPath: options.contextPath,
    });
  };
}

function checkOptions(label: string, options: SipApplicationOptions): void {
  const { sessionTimeout, proxyTimeout, contextPath, concurrency } = options;
  if (sessionTimeout !== undefined && !Number.isFinite(sessionTimeout)) {
    throw new AnnotationError('ANN_ERR_OPTION', label, 'sessionTimeout', `${sessionTimeout}, not a number of minutes`);
  }
  if (proxyTimeout !== undefined && !(proxyTimeout > 0 && Number.isFinite(proxyTimeout))) {
    throw new AnnotationError(
      'ANN_ERR_OPTION',
      label,
      'proxyTimeout',
      `${proxyTimeout}, not a positive number of seconds`,
    );
  }
  if (contextPath !== undefined && !/^(?:|\/[^?#]*[^/?#])$/u.test(contextPath)) {
    throw new AnnotationError(
      'ANN_ERR_OPTION',
      label,
      'contextPath',
      `'${contextPath}', which must be '' or begin with / and not end with it`,
    );
  }
  if (concurrency !== undefined && !CONCURRENCY.includes(concurrency)) {
    throw new AnnotationError(
      'ANN_ERR_OPTION',
      label,
      'concurrency',
      `'${String(concurrency)}', not one of ${CONCURRENCY.join(', ')}`,
    );
  }
}

function collectServlets(label: string, options: SipApplicationOptions): readonly Class[] {
  const listed = options.servlets ?? [];
  for (const [index, servlet] of listed.entries()) checkServlet(label, `servlets[${index}]`, servlet);
  if (new Set(listed).size < listed.length)
    throw new AnnotationError('ANN_ERR_DUPLICATE', label, 'a class in servlets');
  const { mainServlet } = options;
  if ('mainServlet' in options) checkServlet(label, 'mainServlet', mainServlet);
  if (mainServlet !== undefined && getSipServletMetadata(mainServlet) === undefined) {
    throw new AnnotationError('ANN_ERR_OPTION', label, 'mainServlet', `${mainServlet.name}, which has no @SipServlet`);
  }
  const servlets = mainServlet === undefined || listed.includes(mainServlet) ? [...listed] : [mainServlet, ...listed];
  const names = new Set<string>();
  for (const servlet of servlets) {
    const name = (getSipServletMetadata(servlet) ?? getWebServletMetadata(servlet))?.name ?? servlet.name;
    if (names.has(name)) throw new AnnotationError('ANN_ERR_DUPLICATE', label, `the servlet name '${name}'`);
    names.add(name);
  }
  return servlets;
}

function checkServlet(label: string, option: string, servlet: Class | undefined): void {
  // An import cycle leaves undefined where a class should be.
  if (servlet === undefined) throw new AnnotationError('ANN_ERR_UNDEFINED_CLASS', label, option);
  if (getSipServletMetadata(servlet) === undefined && getWebServletMetadata(servlet) === undefined) {
    throw new AnnotationError('ANN_ERR_NOT_A_SERVLET', label, servlet.name);
  }
}

function checkListeners(label: string, listeners: readonly (Class | undefined)[]): readonly Class[] {
  return listeners.map((listener, index) => {
    if (listener === undefined) throw new AnnotationError('ANN_ERR_UNDEFINED_CLASS', label, `listeners[${index}]`);
    if (getListenerKinds(listener).length === 0) {
      throw new AnnotationError('ANN_ERR_NOT_A_LISTENER', label, listener.name);
    }
    return listener;
  });
}

const CONCURRENCY: readonly Concurrency[] = ['applicationSession', 'sipSession', 'none'];
