import { binaryToUtf8, utf8ToBinary } from '@siplet/sip';

/** Text of the core (one unit per byte) as an application reads it. */
export function toApplication(text: string): string {
  return isAscii(text) ? text : binaryToUtf8(text);
}

/** Text of an application as the core carries it (one unit per byte). */
export function toCore(text: string): string {
  return isAscii(text) ? text : utf8ToBinary(text);
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Decodes %XX; text with broken escapes stays as it is. */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return toApplication(text);
  try {
    return decodeURIComponent(toApplication(text));
  } catch {
    return toApplication(text);
  }
}

// RFC 3261 §25.1: paramchar = param-unreserved / unreserved / escaped
const PARAM_CHAR = /[A-Za-z0-9\-_.!~*'()[\]/:&+$]/;

/** Escapes what a URI parameter or header may not contain (RFC 3261 §25.1). */
export function percentEncode(text: string): string {
  let result = '';
  for (const char of text) result += PARAM_CHAR.test(char) ? char : encode(char);
  return result;
}

function encode(char: string): string {
  const bytes = utf8ToBinary(char);
  let result = '';
  for (let i = 0; i < bytes.length; i++)
    result += `%${bytes.charCodeAt(i).toString(16).toUpperCase().padStart(2, '0')}`;
  return result;
}

const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/;

/** A header parameter value without its quotes. */
export function unquote(text: string): string {
  const value = toApplication(text);
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  return value.slice(1, -1).replaceAll(/\\(.)/g, '$1');
}

/** A header parameter value, quoted when it is neither a token nor a host (RFC 3261 §25.1). */
export function quote(text: string): string {
  if (text === '' || TOKEN.test(text) || HOST.test(text)) return toCore(text);
  return toCore(`"${text.replaceAll(/["\\]/g, (char) => `\\${char}`)}"`);
}

const HOST = /^\[[0-9A-Fa-f:.]+\]$/;
