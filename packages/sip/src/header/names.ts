/** What the core must know about a header. */
export interface HeaderInfo {
  readonly name: string;
  readonly compact: string | undefined;
  /** Several values may share a line, separated by commas. */
  readonly list: boolean;
  /** Bit of a header that may appear only once, else 0. */
  readonly single: number;
  /** Position in the table. */
  readonly index: number;
}

// name, compact form, L = comma list, 1 = at most once
const TABLE = `
Via v L|From f 1|To t 1|Call-ID i 1|CSeq - 1|Max-Forwards - 1|Content-Length l 1|Content-Type c 1|Expires - 1|Event o 1
Contact m L|Route - L|Record-Route - L|Path - L|Service-Route - L|Supported k L|Require - L|Proxy-Require - L|Unsupported - L
Allow - L|Allow-Events u L|Accept - L|Accept-Contact a L|Accept-Encoding - L|Accept-Language - L|Alert-Info - L|Call-Info - L
Content-Encoding e L|Content-Language - L|Error-Info - L|History-Info - L|In-Reply-To - L|P-Asserted-Identity - L
P-Preferred-Identity - L|Reason - L|Reject-Contact j L|Request-Disposition d L|Security-Client - L|Security-Server - L
Security-Verify - L|Warning - L|Authentication-Info - -|Authorization - -|Content-Disposition - 1|Date - 1|Flow-Timer - 1
Identity y -|Join - 1|Max-Breadth - 1|MIME-Version - 1|Min-Expires - 1|Min-SE - 1|Organization - 1|Priority - 1|Privacy - -
Proxy-Authenticate - -|Proxy-Authorization - -|RAck - 1|Refer-To r 1|Referred-By b 1|Replaces - 1|Reply-To - 1|Retry-After - 1
RSeq - 1|Server - 1|Session-Expires x 1|SIP-ETag - 1|SIP-If-Match - 1|Subject s 1|Subscription-State - 1|Target-Dialog - 1
Timestamp - 1|User-Agent - 1|WWW-Authenticate - -`;

const BY_TEXT = new Map<string, HeaderInfo>();
// By hash of the lower-case name: recognizes a name in place, without cutting it out.
const BUCKETS: (readonly { readonly text: string; readonly info: HeaderInfo }[])[] = Array.from(
  { length: 512 },
  () => [],
);

/** One step of the hash over a name; start with 0. */
export function hashStep(hash: number, code: number): number {
  return (Math.imul(hash, 31) + (code | 32)) | 0; // | 32 lowers letters and leaves - alone
}

function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = hashStep(hash, text.charCodeAt(i));
  return hash & 511;
}

let bit = 1;
for (const [index, row] of TABLE.trim().split(/[|\n]/).entries()) {
  const [name = '', compact = '-', kind = '-'] = row.split(' ');
  const single = kind === '1' && bit > 0 ? bit : 0; // the first 31 are checked; the mandatory ones come first
  if (single > 0) bit = bit < 2 ** 30 ? bit * 2 : 0;
  const info = { name, compact: compact === '-' ? undefined : compact, list: kind === 'L', single, index };
  for (const text of compact === '-' ? [name] : [name, compact]) {
    BY_TEXT.set(text, info);
    BY_TEXT.set(text.toLowerCase(), info);
    BY_TEXT.set(text.toUpperCase(), info);
    const lower = text.toLowerCase();
    const at = hashOf(lower);
    BUCKETS[at] = [...(BUCKETS[at] ?? []), { text: lower, info }];
  }
}

/** Number of headers in the table. */
export const KNOWN_HEADERS = BY_TEXT.size;

/** The table row of a header name in any case or compact form. */
export function headerInfo(name: string): HeaderInfo | undefined {
  return BY_TEXT.get(name) ?? BY_TEXT.get(name.toLowerCase());
}

/** The same for a name standing in `text`, whose hash is known; makes no string. */
export function headerInfoAt(text: string, start: number, end: number, hash: number): HeaderInfo | undefined {
  const bucket = BUCKETS[hash & 511];
  if (bucket === undefined) return undefined;
  for (let i = 0; i < bucket.length; i++) {
    const candidate = bucket[i];
    if (candidate !== undefined && isSame(candidate.text, text, start, end)) return candidate.info;
  }
  return undefined;
}

function isSame(lower: string, text: string, start: number, end: number): boolean {
  if (lower.length !== end - start) return false;
  for (let i = 0; i < lower.length; i++) if (lower.charCodeAt(i) !== (text.charCodeAt(start + i) | 32)) return false;
  return true;
}

/** Canonical spelling: `call-id`, `i` → `Call-ID`; unknown names stay as written. */
export function canonicalName(name: string): string {
  return headerInfo(name)?.name ?? name;
}

/** What two spellings of one header have in common; used as key. */
export function headerKey(name: string): string {
  return headerInfo(name)?.name ?? name.toLowerCase();
}

/** Bits of the headers every message must have (RFC 3261 §8.1.1), beside Via. */
export const MANDATORY: readonly HeaderInfo[] = ['From', 'To', 'Call-ID', 'CSeq'].flatMap((n) => headerInfo(n) ?? []);

/** What the core must know about a method. */
export interface MethodInfo {
  readonly name: string;
  /** A 2xx (or a 1xx with a tag) creates a dialog. */
  readonly createsDialog: boolean;
  /** Contact replaces the remote target (RFC 3261 §12.2, RFC 3311, 3515, 6665). */
  readonly isTargetRefresh: boolean;
}

const method = (name: string, createsDialog = false, isTargetRefresh = createsDialog): [string, MethodInfo] => [
  name,
  { name, createsDialog, isTargetRefresh },
];

/** The methods of RFC 3261, 3262, 3265, 3311, 3428, 3515, 3903 and 6086. */
export const METHODS: ReadonlyMap<string, MethodInfo> = new Map([
  method('INVITE', true),
  method('ACK'),
  method('BYE'),
  method('CANCEL'),
  method('OPTIONS'),
  method('REGISTER'),
  method('PRACK'),
  method('SUBSCRIBE', true),
  method('NOTIFY', false, true),
  method('REFER', true),
  method('UPDATE', false, true),
  method('INFO'),
  method('MESSAGE'),
  method('PUBLISH'),
]);

/** One string object per known method. */
export function internMethod(text: string): string {
  return METHODS.get(text)?.name ?? text;
}
