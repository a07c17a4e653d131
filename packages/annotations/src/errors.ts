import { formatMessage, SipletError, type ErrorCatalogue } from '@siplet/api';

/** A decorator was used in a way that cannot work; thrown while the class is being defined, that is at boot. */
export class AnnotationError extends SipletError {
  constructor(code: AnnotationErrorCode, ...values: readonly unknown[]) {
    super(code, `${formatMessage(ERRORS[code].message, ...values)} ${ERRORS[code].remedy}`);
    this.name = 'AnnotationError';
  }
}

/** The codes of {@link AnnotationError}. */
export type AnnotationErrorCode = keyof typeof ERRORS;

/** The errors of the decorators, by code. */
export const ERRORS = {
  ANN_ERR_NO_TYPE: {
    message: '%s: the type at run time is %s, which names nothing that could be injected.',
    fault: 'local',
    what: 'Interfaces, unions and classes imported with `import type` do not exist at run time.',
    remedy:
      'Import the class as a value, not with `import type`, or pass a token: @Resource(SipFactory), or @Resource(() => SipFactory) within an import cycle.',
  },
  ANN_ERR_NO_METADATA: {
    message: '%s: the compiler has recorded no type for it.',
    fault: 'local',
    what: 'The sources were compiled without decorator metadata, for instance by esbuild or by stripping types.',
    remedy:
      'Turn on experimentalDecorators and emitDecoratorMetadata (tsc) or legacyDecorator and decoratorMetadata (swc), or pass a token: @Resource(SipFactory).',
  },
  ANN_ERR_TOKEN: {
    message: '%s: %s is no token for @Resource.',
    fault: 'local',
    what: 'A token is a class, a function that returns a class, a string or a symbol.',
    remedy: 'Pass a class, or () => Class when the class is defined later.',
  },
  ANN_ERR_RESOURCE_TARGET: {
    message: '%s: @Resource does not work on %s.',
    fault: 'local',
    what: 'Resources are injected into instances, before init().',
    remedy:
      'Put it on an instance property (`@Resource() declare readonly sipFactory: SipFactory`) or a constructor parameter.',
  },
  ANN_ERR_PARAMETER: {
    message: '%s: constructor parameter %s has no @Resource although others have.',
    fault: 'local',
    what: 'The container makes the instance and would have nothing to pass.',
    remedy: 'Decorate every parameter, or give the rest default values.',
  },
  ANN_ERR_DUPLICATE: {
    message: '%s: %s is there twice.',
    fault: 'local',
    what: 'The second use would silently replace the first.',
    remedy: 'Keep one of them.',
  },
  ANN_ERR_NAME: {
    message: '%s: %s needs a name that is not empty.',
    fault: 'local',
    what: 'Routers, dispatchers and logs refer to applications and servlets by name.',
    remedy: "Write name: 'ClickToDial'.",
  },
  ANN_ERR_OPTION: {
    message: '%s: %s is %s.',
    fault: 'local',
    what: 'An option of a decorator has a value that it cannot have.',
    remedy: 'See the documentation of the option for its type and unit.',
  },
  ANN_ERR_UNDEFINED_CLASS: {
    message: '%s: %s is undefined.',
    fault: 'local',
    what: 'Two modules import each other, and one of them is not finished when the decorator runs.',
    remedy: 'Break the import cycle, usually by moving the shared part into a third module.',
  },
  ANN_ERR_NOT_A_SERVLET: {
    message: '%s: %s has neither @SipServlet nor @WebServlet.',
    fault: 'local',
    what: 'Only decorated classes can be deployed as servlets.',
    remedy: 'Decorate the class, or list it under listeners.',
  },
  ANN_ERR_NOT_A_LISTENER: {
    message: '%s: %s has neither @SipListener nor @WebListener.',
    fault: 'local',
    what: 'Only decorated classes can be deployed as listeners.',
    remedy: 'Decorate the class with @SipListener(...) and the nouns it implements.',
  },
  ANN_ERR_BASE_CLASS: {
    message: '%s: %s needs a class that extends %s.',
    fault: 'local',
    what: 'The container calls service() of the base class.',
    remedy: 'Add the extends clause.',
  },
  ANN_ERR_LISTENER_KIND: {
    message: '%s: %s is no listener noun.',
    fault: 'local',
    what: 'The arguments of @SipListener and @WebListener are the abstract classes that the class implements.',
    remedy: 'Write for instance @SipListener(SipSessionListener).',
  },
  ANN_ERR_LISTENER_METHOD: {
    message: '%s: %s needs the method %s.',
    fault: 'local',
    what: 'A listener must have all methods of its noun.',
    remedy: 'Add the method, or remove the noun from the decorator.',
  },
  ANN_ERR_LISTENER_INFERENCE: {
    message: '%s: its methods do not tell which listener it is (%s).',
    fault: 'local',
    what: '`implements` does not exist at run time, and several listener nouns share method names.',
    remedy: 'Name the nouns: @SipListener(SipSessionListener).',
  },
  ANN_ERR_APPLICATION_KEY: {
    message: '%s: @SipApplicationKey %s.',
    fault: 'local',
    what: 'The method must be static, take the request and return a string or undefined at once.',
    remedy: 'Write @SipApplicationKey static key(request: SipServletRequest): string | undefined.',
  },
  ANN_ERR_URL_PATTERN: {
    message: "%s: '%s' is no URL pattern.",
    fault: 'local',
    what: "Patterns are '/exact', '/prefix/*', '*.ext' and '/'.",
    remedy: "Begin the pattern with '/' or '*.'.",
  },
} as const satisfies ErrorCatalogue;
