// The two things this application ever does with a session description: look at it, and refuse all of it.

/** Whether the offer is one of a browser (DTLS-SRTP), as opposed to plain RTP. */
export function isWebMedia(offer: Uint8Array): boolean {
  return /^m=\S+ \d+ UDP\/TLS\//m.test(Buffer.from(offer).toString('latin1'));
}

/**
 * An answer that refuses every medium of an offer (RFC 3264 §6: port 0).
 * The ACK of a call that ends before it began must carry an answer, because the 200 carried an offer.
 */
export function refuseOffer(offer: Uint8Array): Uint8Array {
  const lines = Buffer.from(offer).toString('latin1').split(/\r?\n/);
  const answer = ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
  for (const line of lines) {
    const media = /^m=(\S+) \S+ (.+)$/.exec(line);
    if (media !== null) answer.push(`m=${media[1] ?? ''} 0 ${media[2] ?? ''}`);
  }
  return Buffer.from(`${answer.join('\r\n')}\r\n`, 'latin1');
}
