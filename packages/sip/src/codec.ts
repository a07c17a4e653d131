/** Milliseconds on the caller's monotonic clock. */
export type Ms = number;

/** Turns bytes into binary text (one UTF-16 unit per byte) and back. */
export interface ByteCodec {
  decode(bytes: Uint8Array, start: number, end: number): string;
  encode(text: string, body?: Uint8Array): Uint8Array;
}

const CHUNK = 4096; // arguments per call, below every engine's limit

/** The codec that needs nothing but the language; transports pass a faster one. */
export const PURE_CODEC: ByteCodec = {
  decode(bytes, start, end) {
    let text = '';
    for (let at = start; at < end; at += CHUNK) {
      text += String.fromCharCode.apply(null, bytes.subarray(at, Math.min(end, at + CHUNK)) as unknown as number[]);
    }
    return text;
  },
  encode(text, body) {
    const length = text.length;
    const bytes = new Uint8Array(length + (body === undefined ? 0 : body.length));
    for (let i = 0; i < length; i++) bytes[i] = text.charCodeAt(i);
    if (body !== undefined) bytes.set(body, length);
    return bytes;
  },
};

const ASCII_LIMIT = 0x80;

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= ASCII_LIMIT) return false;
  return true;
}

/** Ordinary text to binary text: each UTF-8 byte becomes one unit. Lone surrogates become U+FFFD. */
export function utf8ToBinary(text: string): string {
  if (isAscii(text)) return text;
  const out: string[] = [];
  for (const character of text) {
    let code = character.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) out.push(String.fromCharCode(code));
    else if (code < 0x800) out.push(String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 63)));
    else if (code < 0x10000)
      out.push(String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)));
    else
      out.push(
        String.fromCharCode(
          0xf0 | (code >> 18),
          0x80 | ((code >> 12) & 63),
          0x80 | ((code >> 6) & 63),
          0x80 | (code & 63),
        ),
      );
  }
  return out.join('');
}

const MINIMUM = [0, 0, 0x80, 0x800, 0x10000]; // shortest-form rule per sequence length

function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

/** Binary text to ordinary text; bytes that are not UTF-8 become U+FFFD. */
export function binaryToUtf8(text: string): string {
  if (isAscii(text)) return text;
  const out: string[] = [];
  for (let i = 0; i < text.length;) {
    const lead = text.charCodeAt(i) & 0xff;
    const length = sequenceLength(lead);
    let code = length < 2 ? lead : lead & (0xff >> (length + 1));
    let valid = length > 0;
    for (let k = 1; valid && k < length; k++) {
      const next = text.charCodeAt(i + k); // NaN past the end fails the test below
      valid = (next & 0xc0) === 0x80;
      code = (code << 6) | (next & 63);
    }
    valid &&= length < 2 || code >= (MINIMUM[length] ?? 0);
    valid &&= code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    out.push(valid ? String.fromCodePoint(code) : '\ufffd');
    i += valid ? length : 1;
  }
  return out.join('');
}
