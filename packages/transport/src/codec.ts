import type { ByteCodec } from '@siplet/sip';

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes to binary text and back through Node's native latin1. */
export const NODE_CODEC: ByteCodec = {
  decode(bytes, start, end) {
    return asBuffer(bytes).toString('latin1', start, end);
  },
  encode(text, body) {
    if (body === undefined || body.byteLength === 0) return Buffer.from(text, 'latin1');
    const out = Buffer.allocUnsafe(text.length + body.byteLength);
    out.write(text, 0, 'latin1');
    out.set(body, text.length);
    return out;
  },
};
