import { PURE_CODEC } from '@siplet/sip';

const UTF8_ENCODER = new TextEncoder();

/** Text of a body; an unknown charset is read as UTF-8, never an error. */
export function decodeText(body: Uint8Array, charset: string | undefined): string {
  if (charset === undefined) return UTF8_DECODER.decode(body);
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return UTF8_DECODER.decode(body);
  }
}

/** Bytes of a body; UTF-8 unless the charset is Latin-1 or ASCII. */
export function encodeText(text: string, charset: string | undefined): Uint8Array {
  if (charset !== undefined && /^(iso-8859-1|latin1|us-ascii)$/i.test(charset)) return PURE_CODEC.encode(text);
  return UTF8_ENCODER.encode(text);
}

const UTF8_DECODER = new TextDecoder();
