import { formatMessage, SipletError, type ErrorCatalogue } from '@siplet/api';

/** A place in a file, both counted from 1; columns count UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something wrong, or doubtful, in a DAR file. */
export interface DarFinding extends Position {
  readonly code: DarErrorCode;
  readonly severity: 'error' | 'warning';
  readonly file: string;
  readonly message: string;
  readonly remedy: string;
}

/** A DAR file cannot be used; its message is that of the first finding, with file, line and column. */
export class DarError extends SipletError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** All errors of the file in order; never empty. */
  readonly findings: readonly DarFinding[];

  constructor(first: DarFinding, findings: readonly DarFinding[]) {
    const more = findings.length > 1 ? ` (${findings.length} errors in this file)` : '';
    super(first.code, formatFinding(first) + more);
    this.name = 'DarError';
    this.file = first.file;
    this.line = first.line;
    this.column = first.column;
    this.findings = findings;
  }
}

/** The codes of DAR findings. */
export type DarErrorCode = keyof typeof ERRORS;

/** A finding as `file:line:column: message remedy`. */
export function formatFinding(finding: DarFinding): string {
  return `${finding.file}:${finding.line}:${finding.column}: ${finding.message} ${finding.remedy}`;
}

/** Makes a finding; `hint` replaces the catalogue's remedy where a better one is known. @internal */
export function makeFinding(
  code: DarErrorCode,
  file: string,
  position: Position,
  values: readonly unknown[],
  hint?: string,
): DarFinding {
  const { message, remedy, severity } = ERRORS[code];
  const { line, column } = position;
  return { code, severity, file, line, column, message: formatMessage(message, ...values), remedy: hint ?? remedy };
}

/** The errors and warnings of DAR files, by code. */
export const ERRORS = {
  DAR_ERR_SYNTAX: {
    message: '%s was expected, but here is %s.',
    severity: 'error',
    fault: 'local',
    what: 'The value of a DAR property is a list of tuples of quoted strings.',
    remedy: 'Write ("App", "DAR:From", "ORIGINATING", "", "NO_ROUTE", "0") and separate tuples by commas.',
  },
  DAR_ERR_QUOTE: {
    message: '%s is a typographic quotation mark.',
    severity: 'error',
    fault: 'local',
    what: 'Word processors and web pages replace straight quotation marks.',
    remedy: 'Use the straight quotation mark ".',
  },
  DAR_ERR_UNTERMINATED_STRING: {
    message: 'The string that begins here has no closing quotation mark.',
    severity: 'error',
    fault: 'local',
    what: 'A string ends at the next quotation mark that has no backslash of its own.',
    remedy: 'Close it with "; a quotation mark inside a string is written \\\\" in a properties file.',
  },
  DAR_ERR_UNCLOSED_TUPLE: {
    message: 'The tuple that begins here has no closing parenthesis.',
    severity: 'error',
    fault: 'local',
    what: 'The value ends inside a tuple, often because a line lost its continuation.',
    remedy: 'Close it with ), or end each line but the last with a backslash.',
  },
  DAR_ERR_CONTINUATION: {
    message: 'This line begins with a tuple instead of a method.',
    severity: 'error',
    fault: 'local',
    what: 'A properties file reads every line as a new property unless the line before ends with a backslash.',
    remedy: 'End the line before with a backslash, without a blank after it.',
  },
  DAR_ERR_ESCAPE: {
    message: 'Malformed Unicode escape %s.',
    severity: 'error',
    fault: 'local',
    what: 'In a properties file a backslash and u are followed by four hexadecimal digits.',
    remedy: 'Write four hexadecimal digits, or double the backslash.',
  },
  DAR_ERR_EMPTY: {
    message: '%s has no tuple.',
    severity: 'error',
    fault: 'local',
    what: 'A method without tuples would hide the tuples of ALL.',
    remedy: 'Add a tuple, or remove the line.',
  },
  DAR_ERR_METHOD: {
    message: "'%s' is no SIP method.",
    severity: 'error',
    fault: 'local',
    what: 'The key of a DAR property is a SIP method in upper case, or ALL.',
    remedy: 'Write a method such as INVITE, or ALL.',
  },
  DAR_ERR_DUPLICATE_METHOD: {
    message: '%s is there already, in line %s.',
    severity: 'error',
    fault: 'local',
    what: 'A properties reader keeps only the last of two equal keys, silently.',
    remedy: 'Put all tuples of a method into one list, separated by commas.',
  },
  DAR_ERR_FIELD_COUNT: {
    message: 'A tuple has six fields, but this one has %s.',
    severity: 'error',
    fault: 'local',
    what: 'The fields are application, subscriber, region, route, route modifier and order (JSR 289 Appendix C).',
    remedy: 'Write ("App", "DAR:From", "ORIGINATING", "", "NO_ROUTE", "0"); an absent route is "".',
  },
  DAR_ERR_EXTENSION: {
    message: 'A seventh field (%s) is not supported yet.',
    severity: 'error',
    fault: 'local',
    what: 'DIRECTION, REGEX and HEADER conditions are an extension of another container.',
    remedy: 'Remove the field; conditions can be checked in the application.',
  },
  DAR_ERR_APPLICATION_NAME: {
    message: 'The application name is empty.',
    severity: 'error',
    fault: 'local',
    what: 'The first field is the name that @SipApplication gives.',
    remedy: 'Write the name of @SipApplication({ name }).',
  },
  DAR_ERR_SUBSCRIBER: {
    message: "'%s' is no subscriber identity.",
    severity: 'error',
    fault: 'local',
    what: 'The second field is DAR: and a header name, or a URI.',
    remedy: 'Write "DAR:From", "DAR:To", "DAR:P-Asserted-Identity" or a URI such as "sip:alice@example.com".',
  },
  DAR_ERR_REGION: {
    message: "'%s' is no routing region.",
    severity: 'error',
    fault: 'local',
    what: 'The third field is one of three regions, in upper case.',
    remedy: 'Write ORIGINATING, TERMINATING or NEUTRAL.',
  },
  DAR_ERR_ROUTE: {
    message: "%s needs a SIP URI as its route, but the fourth field is '%s'.",
    severity: 'error',
    fault: 'local',
    what: 'ROUTE and ROUTE_BACK send the request to a route.',
    remedy: 'Write a route such as "sip:192.0.2.1:5060;lr", or NO_ROUTE with the route "".',
  },
  DAR_ERR_ROUTE_MODIFIER: {
    message: "'%s' is no route modifier.",
    severity: 'error',
    fault: 'local',
    what: 'The fifth field is one of three modifiers, in upper case.',
    remedy: 'Write NO_ROUTE, ROUTE or ROUTE_BACK.',
  },
  DAR_ERR_UNKNOWN_APPLICATION: {
    message: "No application '%s' is deployed.",
    severity: 'error',
    fault: 'local',
    what: 'The first field must be the name of a deployed @SipApplication; tuples of other applications are skipped.',
    remedy: 'Deploy the application, or correct the name.',
  },
  DAR_ERR_UNKNOWN_METHOD: {
    message: "'%s' is an unusual method.",
    severity: 'warning',
    fault: 'local',
    what: 'The method is in none of the RFCs that this router knows; it may be a spelling mistake.',
    remedy: 'Check the spelling.',
  },
  DAR_ERR_NEVER_INITIAL: {
    message: '%s is never an initial request, so these tuples are never used.',
    severity: 'warning',
    fault: 'local',
    what: 'Only initial requests are routed; others follow the path of their dialog (JSR 289 Appendix B).',
    remedy: 'Remove the line.',
  },
  DAR_ERR_ROUTE_IGNORED: {
    message: "The route '%s' has no effect with NO_ROUTE.",
    severity: 'warning',
    fault: 'local',
    what: 'With NO_ROUTE the fourth field is not used.',
    remedy: 'Write "" as the route, or ROUTE as the modifier.',
  },
  DAR_ERR_ORDER: {
    message: "The order '%s' is %s.",
    severity: 'warning',
    fault: 'local',
    what: 'Tuples are tried by rising order when all orders of a method are different numbers, else as they are written.',
    remedy: 'Number the tuples of a method 0, 1, 2.',
  },
} as const satisfies ErrorCatalogue & Record<string, { severity: 'error' | 'warning' }>;
