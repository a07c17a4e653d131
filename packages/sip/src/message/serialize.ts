import type { ByteCodec } from '../codec.ts';
import { headerInfo } from '../header/names.ts';
import type { Headers } from './headers.ts';
import type { SipMessage } from './message.ts';

/** `compact`: header names in their one-letter forms (RFC 3261 §7.3.3). */
export interface SerializeOptions {
  readonly compact?: boolean | undefined;
}

/** The message as bytes. Untouched header lines go out as they came; Content-Length is set from the body. */
export function serialize(message: SipMessage, codec: ByteCodec, options?: SerializeOptions): Uint8Array {
  const start =
    message.kind === 'request'
      ? `${message.method} ${message.uriText} SIP/2.0\r\n`
      : `SIP/2.0 ${message.status} ${message.reason}\r\n`;
  const length = message.body.length;
  const head = headerBlock(message.headers, length, options?.compact === true);
  return codec.encode(start + head, length === 0 ? undefined : message.body);
}

function headerBlock(headers: Headers, bodyLength: number, compact: boolean): string {
  const lengthIsRight = headers.contentLength === bodyLength;
  let lengthDone = false;
  let out = '';
  // Neighbouring raw lines of one message leave as one slice.
  let source = '';
  let runStart = 0;
  let runEnd = 0;
  for (const line of headers.fields) {
    const isLength = line.key === 'Content-Length';
    if (line.start >= 0 && !compact && (!isLength || lengthIsRight)) {
      lengthDone ||= isLength;
      if (line.start === runEnd && line.source === source) {
        runEnd = line.end;
        continue;
      }
      if (runEnd > runStart) out += source.slice(runStart, runEnd);
      ({ source, start: runStart, end: runEnd } = line);
      continue;
    }
    if (runEnd > runStart) out += source.slice(runStart, runEnd);
    runStart = runEnd = 0;
    source = '';
    if (isLength) {
      if (lengthDone) continue;
      lengthDone = true;
    }
    const name = compact ? (headerInfo(line.name)?.compact ?? line.name) : line.name;
    out += `${name}: ${isLength ? String(bodyLength) : line.text}\r\n`;
  }
  if (runEnd > runStart) out += source.slice(runStart, runEnd);
  if (!lengthDone) out += `${compact ? 'l' : 'Content-Length'}: ${bodyLength}\r\n`;
  return `${out}\r\n`;
}
