/** Bytes as binary text: one character per byte, nothing lost. */
export function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** Binary text as bytes. */
export function toBytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

/** What a message is, for ladders and logs: `INVITE` or `180 Ringing`. */
export function labelOf(text: string): string {
  const line = text.slice(0, text.indexOf('\r\n') < 0 ? undefined : text.indexOf('\r\n'));
  if (line.startsWith('SIP/2.0 ')) return line.slice(8).trim();
  const method = /^(\S+) \S+ SIP\/2\.0$/.exec(line)?.[1];
  if (method !== undefined) return method;
  return text.trim() === '' ? 'keep-alive' : 'not SIP';
}

/** Raw values of a header, one per line, as they were sent; `names` in lower case. */
export function rawHeader(text: string, ...names: string[]): string[] {
  const head = text.slice(0, Math.max(0, text.indexOf('\r\n\r\n')));
  return head
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .slice(1)
    .map((line): [string, string] => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line])
    .filter(([name]) => names.includes(name))
    .map(([, line]) => line.slice(line.indexOf(':') + 1).trim());
}

/** Splits a comma list of addresses, leaving commas inside quotes and angle brackets alone. */
export function splitList(value: string): string[] {
  const found = value.match(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<])+/g) ?? [];
  return found.map((part) => part.trim()).filter((part) => part !== '');
}

/** Cuts a byte stream into SIP messages by Content-Length (RFC 3261 §18.3). */
export class StreamSplitter {
  #rest = '';

  /** Takes the next bytes and gives the messages that are complete now. */
  push(bytes: Uint8Array): string[] {
    this.#rest += toText(bytes);
    const messages: string[] = [];
    for (;;) {
      this.#rest = this.#rest.replace(/^(?:\r\n)+/, '');
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return messages;
      const head = this.#rest.slice(0, end + 4);
      const total = head.length + Number(rawHeader(head, 'content-length', 'l')[0] ?? 0);
      if (this.#rest.length < total) return messages;
      messages.push(this.#rest.slice(0, total));
      this.#rest = this.#rest.slice(total);
    }
  }
}
