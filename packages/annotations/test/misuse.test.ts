import { describe, expect, test } from '@jest/globals';
import {
  AnnotationError,
  ERRORS,
  getResourceInjections,
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
  HttpSessionListener,
  SipFactory,
  SipletError,
  SipSessionListener,
  type SipServletRequest,
  type TimerService,
} from '@siplet/api';

interface Shape {
  readonly width: number;
}

// Decorators are applied by hand where TypeScript itself would refuse the code.
const loose = <T>(value: unknown): T => value as T;
const keyOf = (owner: object): TypedPropertyDescriptor<() => string> =>
  Object.getOwnPropertyDescriptor(owner, 'key') as TypedPropertyDescriptor<() => string>;
type AnyClassDecorator = (target: unknown) => void;

@SipServlet()
class Good extends SipServlet {}

const cases: [title: string, code: string, message: RegExp, use: () => unknown][] = [
  [
    'a property typed by an interface names class, property and remedy',
    'ANN_ERR_NO_TYPE',
    /^Call\.shape: the type at run time is Object,.*@Resource\(SipFactory\)/u,
    () => {
      class Call {
        @Resource() declare readonly shape: Shape;
      }
      return Call;
    },
  ],
  [
    'a property typed by an `import type` is refused',
    'ANN_ERR_NO_TYPE',
    /^Call\.timers: .*not with `import type`/u,
    () => {
      class Call {
        @Resource() declare readonly timers: TimerService;
      }
      return Call;
    },
  ],
  ...([Object, Function, Array, Promise, String, Number, Boolean, undefined] as const).map(
    (type): [string, string, RegExp, () => unknown] => [
      `the type ${type?.name ?? 'undefined'} is no token`,
      'ANN_ERR_NO_TYPE',
      new RegExp(`^Call\\.x: the type at run time is ${type?.name ?? 'undefined'}`, 'u'),
      () => {
        class Call {}
        Reflect.defineMetadata('design:type', type, Call.prototype, 'x');
        return Resource()(Call.prototype, 'x');
      },
    ],
  ),
  [
    'a compiler that records no types is named as the cause',
    'ANN_ERR_NO_METADATA',
    /^Call\.x: the compiler has recorded no type.*emitDecoratorMetadata/u,
    () => Resource()(class Call {}.prototype, 'x'),
  ],
  [
    'a constructor parameter without a class is named by class and index',
    'ANN_ERR_NO_TYPE',
    /^Call, constructor parameter 1: the type at run time is String/u,
    () => {
      class Call {
        constructor(@Resource() readonlyFactory: SipFactory, @Resource() name: string) {
          throw new Error(name + readonlyFactory.constructor.name);
        }
      }
      return Call;
    },
  ],
  [
    'a token that is undefined, because of an import cycle, is refused',
    'ANN_ERR_NO_TYPE',
    /^Call\.x: the type at run time is undefined/u,
    () => Resource(loose(undefined))(class Call {}.prototype, 'x'),
  ],
  [
    'a number is no token',
    'ANN_ERR_TOKEN',
    /^Call\.x: 7 is no token/u,
    () => Resource(loose(7))(class Call {}.prototype, 'x'),
  ],
  [
    'a lazy token that yields nothing is refused when it is read',
    'ANN_ERR_NO_TYPE',
    /^Call\.x: /u,
    () => {
      class Call {
        @Resource(() => loose<typeof SipFactory>(undefined)) declare readonly x: SipFactory;
      }
      return getResourceInjections(Call);
    },
  ],
  [
    'a static property is refused',
    'ANN_ERR_RESOURCE_TARGET',
    /^Call\.x: @Resource does not work on a static member/u,
    () => {
      class Call {
        @Resource(SipFactory) declare static readonly x: SipFactory;
      }
      return Call;
    },
  ],
  [
    'a method is refused',
    'ANN_ERR_RESOURCE_TARGET',
    /^Call\.x: @Resource does not work on a method or accessor/u,
    () => {
      class Call {
        @Resource(SipFactory) x(): void {}
      }
      return Call;
    },
  ],
  [
    'a parameter of a method is refused',
    'ANN_ERR_RESOURCE_TARGET',
    /^Call\.x: @Resource does not work on a method parameter/u,
    () => {
      class Call {
        x(@Resource(SipFactory) factory: SipFactory): unknown {
          return factory;
        }
      }
      return Call;
    },
  ],
  [
    'a constructor parameter left out is named',
    'ANN_ERR_PARAMETER',
    /^Call: constructor parameter 0 has no @Resource/u,
    () => {
      class Call {
        readonly name: string;
        constructor(name: string, @Resource(SipFactory) factory: SipFactory) {
          this.name = name + factory.constructor.name;
        }
      }
      return getResourceInjections(Call);
    },
  ],
  [
    '@Resource twice on one property is refused',
    'ANN_ERR_DUPLICATE',
    /^Call, x: @Resource is there twice/u,
    () => {
      class Call {
        @Resource(SipFactory) @Resource(SipFactory) declare readonly x: SipFactory;
      }
      return Call;
    },
  ],
  [
    '@SipServlet needs the base class',
    'ANN_ERR_BASE_CLASS',
    /^Call: @SipServlet needs a class that extends SipServlet/u,
    () => loose<AnyClassDecorator>(SipServlet())(class Call {}),
  ],
  [
    '@SipServlet without parentheses needs the base class too',
    'ANN_ERR_BASE_CLASS',
    /^Call: /u,
    () => loose<AnyClassDecorator>(SipServlet)(class Call {}),
  ],
  [
    '@SipServlet twice is refused',
    'ANN_ERR_DUPLICATE',
    /^Call: @SipServlet is there twice/u,
    () => {
      @SipServlet()
      @SipServlet()
      class Call extends SipServlet {}
      return Call;
    },
  ],
  [
    '@SipServlet needs a name that is not blank',
    'ANN_ERR_NAME',
    /^Call: @SipServlet needs a name/u,
    () => SipServlet({ name: ' ' })(class Call extends SipServlet {}),
  ],
  [
    '@WebServlet needs the base class',
    'ANN_ERR_BASE_CLASS',
    /^Page: @WebServlet needs a class that extends HttpServlet/u,
    () => loose<AnyClassDecorator>(WebServlet('/'))(class Page {}),
  ],
  ...['calls', '/a*b', '/*/x', '*.', 'http://x/', ''].map((pattern): [string, string, RegExp, () => unknown] => [
    `the URL pattern '${pattern}' is refused (Servlet 3.0 §12.2)`,
    'ANN_ERR_URL_PATTERN',
    /^Page: '.*' is no URL pattern/u,
    () => WebServlet(pattern)(class Page extends HttpServlet {}),
  ]),
  [
    'an empty list of URL patterns is refused',
    'ANN_ERR_URL_PATTERN',
    /^Page: /u,
    () => WebServlet([])(class Page extends HttpServlet {}),
  ],
  [
    'the same URL pattern twice is refused',
    'ANN_ERR_DUPLICATE',
    /^Page: a URL pattern/u,
    () => WebServlet(['/a', '/a'])(class Page extends HttpServlet {}),
  ],
  [
    '@SipListener without parentheses is refused',
    'ANN_ERR_LISTENER_KIND',
    /: Good is no listener noun/u,
    () => loose<(kind: unknown) => AnyClassDecorator>(SipListener)(Good)(class Call {}),
  ],
  [
    '@SipListener names a missing method',
    'ANN_ERR_LISTENER_METHOD',
    /^Call: SipSessionListener needs the method sessionDestroyed/u,
    () =>
      loose<AnyClassDecorator>(SipListener(SipSessionListener))(
        class Call {
          sessionCreated(): void {}
        },
      ),
  ],
  [
    '@SipListener with the same noun twice is refused',
    'ANN_ERR_DUPLICATE',
    /^Call: HttpSessionListener/u,
    () =>
      WebListener(
        HttpSessionListener,
        HttpSessionListener,
      )(
        class Call {
          sessionCreated(): void {}
          sessionDestroyed(): void {}
        },
      ),
  ],
  [
    'a method set that fits two nouns is not guessed at',
    'ANN_ERR_LISTENER_INFERENCE',
    /^Call: its methods do not tell which listener it is \((?=.*SipSessionListener)(?=.*SipApplicationSessionListener).*\).*@SipListener\(SipSessionListener\)/u,
    () =>
      SipListener()(
        class Call {
          sessionCreated(): void {}
          sessionDestroyed(): void {}
          sessionExpired(): void {}
          sessionReadyToInvalidate(): void {}
        },
      ),
  ],
  [
    'attribute listeners always have to be named',
    'ANN_ERR_LISTENER_INFERENCE',
    /SipSessionAttributeListener.*SipApplicationSessionAttributeListener|SipApplicationSessionAttributeListener.*SipSessionAttributeListener/u,
    () =>
      SipListener()(
        class Call {
          attributeAdded(): void {}
          attributeRemoved(): void {}
          attributeReplaced(): void {}
        },
      ),
  ],
  [
    '@WebListener does not take the methods of a SIP listener for an HTTP one',
    'ANN_ERR_LISTENER_INFERENCE',
    /HttpSessionListener/u,
    () =>
      WebListener()(
        class Call {
          sessionCreated(): void {}
          sessionDestroyed(): void {}
          sessionReadyToInvalidate(): void {}
        },
      ),
  ],
  [
    'a class without any listener method is refused',
    'ANN_ERR_LISTENER_INFERENCE',
    /^Call: .*none fits/u,
    () => SipListener()(class Call {}),
  ],
  [
    '@SipApplicationKey on an instance method is refused',
    'ANN_ERR_APPLICATION_KEY',
    /^App\.key: @SipApplicationKey is not on a static method/u,
    () => {
      class App {
        key(): string {
          return '';
        }
      }
      return SipApplicationKey(loose(App.prototype), 'key', keyOf(App.prototype));
    },
  ],
  [
    '@SipApplicationKey on an async method is refused',
    'ANN_ERR_APPLICATION_KEY',
    /^App\.key: @SipApplicationKey is on an async method/u,
    () => {
      class App {
        static async key(): Promise<string> {
          await Promise.resolve();
          return '';
        }
      }
      return SipApplicationKey(App, 'key', keyOf(App));
    },
  ],
  [
    '@SipApplicationKey on a method with two parameters is refused',
    'ANN_ERR_APPLICATION_KEY',
    /^App\.key: @SipApplicationKey is on a method with 2 parameters/u,
    () => {
      class App {
        static key(request: SipServletRequest, other: string): string {
          return request.getCallId() + other;
        }
      }
      return SipApplicationKey(App, 'key', keyOf(App));
    },
  ],
  [
    'two @SipApplicationKey methods in one class are refused',
    'ANN_ERR_DUPLICATE',
    /^App: @SipApplicationKey is there twice/u,
    () => {
      class App {
        @SipApplicationKey static one(): undefined {}
        @SipApplicationKey static two(): undefined {}
      }
      return App;
    },
  ],
  [
    '@SipApplication needs a name',
    'ANN_ERR_NAME',
    /^App: @SipApplication needs a name/u,
    () => SipApplication({ name: '' })(class App {}),
  ],
  [
    'an undefined servlet points at the import cycle',
    'ANN_ERR_UNDEFINED_CLASS',
    /^App: servlets\[1\] is undefined.*import cycle/u,
    () => SipApplication({ name: 'App', servlets: [Good, loose(undefined)] })(class App {}),
  ],
  [
    'an undefined main servlet points at the import cycle',
    'ANN_ERR_UNDEFINED_CLASS',
    /^App: mainServlet is undefined/u,
    () => SipApplication({ name: 'App', mainServlet: loose(undefined) })(class App {}),
  ],
  [
    'an undecorated servlet is named',
    'ANN_ERR_NOT_A_SERVLET',
    /^App: Plain has neither @SipServlet nor @WebServlet/u,
    () => SipApplication({ name: 'App', servlets: [class Plain extends SipServlet {}] })(class App {}),
  ],
  [
    'an HTTP servlet cannot be the main servlet',
    'ANN_ERR_OPTION',
    /^App: mainServlet is Page, which has no @SipServlet/u,
    () => {
      @WebServlet('/')
      class Page extends HttpServlet {}
      return SipApplication({ name: 'App', mainServlet: Page })(class App {});
    },
  ],
  [
    'two servlets of one name are refused',
    'ANN_ERR_DUPLICATE',
    /^App: the servlet name 'Good' is there twice/u,
    () => {
      @SipServlet({ name: 'Good' })
      class Other extends SipServlet {}
      return SipApplication({ name: 'App', servlets: [Good, Other] })(class App {});
    },
  ],
  [
    'an undecorated listener is named',
    'ANN_ERR_NOT_A_LISTENER',
    /^App: Plain has neither @SipListener nor @WebListener/u,
    () => SipApplication({ name: 'App', listeners: [class Plain {}] })(class App {}),
  ],
  [
    'an undefined listener points at the import cycle',
    'ANN_ERR_UNDEFINED_CLASS',
    /^App: listeners\[0\] is undefined/u,
    () => SipApplication({ name: 'App', listeners: [loose(undefined)] })(class App {}),
  ],
  ...(
    [
      [{ proxyTimeout: 0 }, /^App: proxyTimeout is 0, not a positive number of seconds/u],
      [{ sessionTimeout: Number.NaN }, /^App: sessionTimeout is NaN/u],
      [{ contextPath: 'dial' }, /^App: contextPath is 'dial'/u],
      [{ contextPath: '/dial/' }, /^App: contextPath is '\/dial\/'/u],
      [{ concurrency: loose<'none'>('all') }, /^App: concurrency is 'all', not one of applicationSession/u],
    ] as const
  ).map(([option, message]): [string, string, RegExp, () => unknown] => [
    `the option ${JSON.stringify(option)} is refused`,
    'ANN_ERR_OPTION',
    message,
    () => SipApplication({ name: 'App', ...option })(class App {}),
  ]),
];

describe('misuse of a decorator fails at boot', () => {
  test.each(cases)('%s', (_title, code, message, use) => {
    let thrown: unknown;
    try {
      use();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(AnnotationError);
    expect(thrown).toBeInstanceOf(SipletError);
    expect(thrown).toMatchObject({ code, fault: 'local' });
    expect((thrown as Error).message).toMatch(message);
  });

  test('every code of the catalogue is thrown by a case above', () => {
    expect(new Set(cases.map(([, code]) => code))).toEqual(new Set(Object.keys(ERRORS)));
  });
});
