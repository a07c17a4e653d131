/** Whose mistake an error reports: this program's (`local`) or the peer's (`remote`). */
export type Fault = 'local' | 'remote';

/** One line of the catalogue. */
export interface ErrorInfo {
  readonly code: string;
  readonly message: string;
  /** What a UAS answers when the fault is remote. */
  readonly status?: number;
  readonly fault: Fault;
  readonly what?: string;
  readonly remedy: string;
}

const catalogue: Record<string, ErrorInfo> = {};

/** Every SIP_ERR_* code with its message, status and remedy. */
export const ERRORS: Readonly<Record<string, ErrorInfo>> = catalogue;

function define<C extends string>(
  code: C,
  message: string,
  more: { fault: Fault; status?: number; what?: string; remedy: string },
): C {
  catalogue[code] = { code, message, ...more };
  return code;
}

const PEER = 'The peer sent it; look at the message in the trace and at the peer.';
const peer = (status: number, remedy = PEER): { fault: Fault; status: number; remedy: string } => ({
  fault: 'remote',
  status,
  remedy,
});
const local = (remedy: string): { fault: Fault; remedy: string } => ({ fault: 'local', remedy });

export const NOT_SIP = define('SIP_ERR_NOT_SIP', 'Not a SIP message', peer(400));
export const START_LINE = define('SIP_ERR_START_LINE', 'Malformed start line', peer(400));
export const VERSION = define('SIP_ERR_VERSION', 'SIP version not supported', peer(505));
export const URI = define('SIP_ERR_URI', 'Malformed URI', peer(400));
export const HEADER_SYNTAX = define('SIP_ERR_HEADER_SYNTAX', 'Malformed header line', peer(400));
export const CONTROL_CHARACTER = define(
  'SIP_ERR_CONTROL_CHARACTER',
  'NUL, bare CR or bare LF in the header',
  peer(400, 'Lines end with CR LF (RFC 3261 §7); the sender must not use LF alone.'),
);
export const HEADER_MISSING = define('SIP_ERR_HEADER_MISSING', 'Missing mandatory header', peer(400));
export const HEADER_DUPLICATE = define('SIP_ERR_HEADER_DUPLICATE', 'Header may appear only once', peer(400));
export const VIA = define('SIP_ERR_VIA', 'Malformed Via', peer(400));
export const VIA_MISMATCH = define(
  'SIP_ERR_VIA_MISMATCH',
  'Top Via of the response was not written by this element',
  peer(400, 'A device on the path rewrites Via: switch its SIP helper (ALG) off.'),
);
export const NAME_ADDR = define('SIP_ERR_NAME_ADDR', 'Malformed address', peer(400));
export const PARAMETER = define('SIP_ERR_PARAMETER', 'Malformed parameter', peer(400));
export const CSEQ = define('SIP_ERR_CSEQ', 'Malformed CSeq', peer(400));
export const CSEQ_METHOD = define('SIP_ERR_CSEQ_METHOD', 'CSeq method differs from the request method', peer(400));
export const CONTENT_LENGTH = define(
  'SIP_ERR_CONTENT_LENGTH',
  'Content-Length missing, malformed or longer than the message',
  peer(400, 'Content-Length counts bytes, not characters, and is mandatory on TCP and TLS.'),
);
export const MAX_FORWARDS = define('SIP_ERR_MAX_FORWARDS', 'Max-Forwards is not a number from 0 to 255', peer(400));
export const LIMIT_MESSAGE = define(
  'SIP_ERR_LIMIT_MESSAGE',
  'Message too large',
  peer(513, 'Raise limits.maxMessageBytes if such messages are wanted.'),
);
export const LIMIT_HEADER = define(
  'SIP_ERR_LIMIT_HEADER',
  'Header line too long',
  peer(400, 'Raise limits.maxHeaderBytes if such headers are wanted.'),
);
export const LIMIT_HEADERS = define(
  'SIP_ERR_LIMIT_HEADERS',
  'Too many headers',
  peer(400, 'Raise limits.maxHeaders if such messages are wanted.'),
);
export const LIMIT_VALUES = define(
  'SIP_ERR_LIMIT_VALUES',
  'Too many values or parameters in a header',
  peer(400, 'Raise limits.maxValues if such messages are wanted.'),
);
export const CHALLENGE = define('SIP_ERR_CHALLENGE', 'Malformed digest challenge or credentials', peer(400));
export const INTERNAL = define('SIP_ERR_INTERNAL', 'A message could not be handled', {
  fault: 'remote',
  status: 500,
  remedy: 'This is a defect of @siplet/sip: report it with the message.',
});

export const HEADER_INJECTION = define(
  'SIP_ERR_HEADER_INJECTION',
  'CR, LF, NUL or a character above U+00FF in a header, URI or reason phrase',
  local('Remove the line break; convert other scripts with utf8ToBinary() first.'),
);
export const HEADER_NAME = define(
  'SIP_ERR_HEADER_NAME',
  'Not a header, method or parameter name',
  local("Names are RFC 3261 tokens: letters, digits and -.!%*_+`'~."),
);
export const ARGUMENT = define('SIP_ERR_ARGUMENT', 'Argument out of range', local('See the message for the range.'));
export const TRANSACTION_STATE = define(
  'SIP_ERR_TRANSACTION_STATE',
  'The transaction has already been answered or has ended',
  local('Send at most one final response; check transaction.finalStatus or state first.'),
);
export const REQUEST_INCOMPLETE = define(
  'SIP_ERR_REQUEST_INCOMPLETE',
  'The request lacks From, To, Call-ID or a CSeq with its method',
  local('Set the missing header before send().'),
);
export const METHOD = define(
  'SIP_ERR_METHOD',
  'Wrong call for this method',
  local('ACK goes through sendAck() and CANCEL through cancel(); only an INVITE can be cancelled.'),
);
export const DIALOG_STATE = define(
  'SIP_ERR_DIALOG_STATE',
  'The dialog does not allow this request',
  local('A request inside a dialog needs a remote target; an ended dialog takes none.'),
);

const BRAND = Symbol.for('@siplet/sip.SipError');

/** The only error this package throws; match on `code`. */
export class SipError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  readonly code: string;
  readonly fault: Fault;
  /** The status a UAS answers with; undefined when the fault is local. */
  readonly status: number | undefined;
  readonly [BRAND] = true;

  constructor(code: string, detail?: string, options?: { cause?: unknown }) {
    const info = catalogue[code];
    const message = info?.message ?? code;
    super(detail === undefined ? message : `${message}: ${detail}`, options);
    this.name = 'SipError';
    this.code = code;
    this.fault = info?.fault ?? 'local';
    this.status = info?.status;
  }
}
