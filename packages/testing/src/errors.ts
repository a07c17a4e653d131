/** Everything this package can throw: code, message and remedy. Codes are API and never renamed. */
export const ERRORS = {
  TST_ERR_DURATION: {
    message: 'not a duration: %s',
    fault: 'local',
    remedy: "Write milliseconds as a number, or a text such as '500ms', '32s', '31m', '2h', '1d'.",
  },
  TST_ERR_STALLED: {
    message: 'virtual time cannot go on: %s',
    fault: 'local',
    remedy: 'What the test waits for did not happen. t.ladder() shows what was exchanged until now.',
  },
  TST_ERR_LIVELOCK: {
    message: 'more than %s rounds of timers ran at the same virtual instant',
    fault: 'local',
    remedy: 'A timer re-arms itself with a delay of 0 ms. Give it a delay.',
  },
  TST_ERR_PHONE: {
    message: 'phone %s',
    fault: 'local',
    remedy: 'The script asked a phone for something its call cannot do now. Check the state of the call first.',
  },
  TST_ERR_LADDER: {
    message: 'the message flow differs (- expected, + happened)\n%s',
    fault: 'local',
    remedy: "Correct the code or the template; a template line '...' stands for any messages.",
  },
  TST_ERR_LEAK: {
    message: 'left over: %s',
    fault: 'local',
    remedy: 'Something was not released. Invalidate sessions, answer transactions, cancel timers.',
  },
  TST_ERR_OPTION: {
    message: 'test container: %s',
    fault: 'local',
    remedy: 'Correct the options given to createTestContainer or t.phone.',
  },
} as const satisfies Record<string, { message: string; fault: 'local' | 'remote'; remedy: string }>;

/** A code of this package. */
export type TestingErrorCode = keyof typeof ERRORS;

/** An error of the test kit: match on `code`. */
export class TestingError extends Error {
  readonly code: TestingErrorCode;
  readonly fault = 'local';

  constructor(code: TestingErrorCode, detail: string) {
    super(`${ERRORS[code].message.replace('%s', () => detail)}\n${ERRORS[code].remedy}`);
    this.name = 'TestingError';
    this.code = code;
  }
}
