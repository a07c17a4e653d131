/** What a phone's media can do: plain RTP, WebRTC only, or whatever comes (the default). */
export type MediaKind = 'rtp' | 'webrtc' | 'any';

/** One session description that a call sent or received. */
export interface MediaExchange {
  readonly at: number;
  readonly direction: 'sent' | 'received';
  readonly role: 'offer' | 'answer';
  /** What carried it: `INVITE`, `200`, `183`, `ACK`, … */
  readonly carrier: string;
  /** The body, byte for byte (binary text). */
  readonly sdp: string;
}

/** The session descriptions of one call. */
export class CallMedia {
  /** In the order in which they were sent and received. */
  readonly exchanges: MediaExchange[] = [];

  /** The last description that this phone sent. */
  get local(): string | undefined {
    return this.#last('sent');
  }

  /** The last description that this phone received. */
  get remote(): string | undefined {
    return this.#last('received');
  }

  /** The last offer, whoever made it. */
  get offer(): MediaExchange | undefined {
    return this.exchanges.findLast((one) => one.role === 'offer');
  }

  /** The last answer, whoever made it. */
  get answer(): MediaExchange | undefined {
    return this.exchanges.findLast((one) => one.role === 'answer');
  }

  #last(direction: 'sent' | 'received'): string | undefined {
    return this.exchanges.findLast((one) => one.direction === direction)?.sdp;
  }
}

/** Writes the description a phone offers or answers with. */
export function makeSdp(user: string, address: string, version: number, kind: MediaKind): string {
  const webrtc = kind === 'webrtc';
  const lines = [
    'v=0',
    `o=${user} 1 ${version} IN IP4 ${address}`,
    's=-',
    `c=IN IP4 ${address}`,
    't=0 0',
    webrtc ? 'm=audio 9 UDP/TLS/RTP/SAVPF 111 0' : 'm=audio 40000 RTP/AVP 0 8 101',
    ...(webrtc ? WEBRTC_LINES : ['a=rtpmap:0 PCMU/8000', 'a=rtpmap:8 PCMA/8000', 'a=rtpmap:101 telephone-event/8000']),
    'a=sendrecv',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** True when media of this kind can take the description. */
export function canTake(kind: MediaKind, sdp: string): boolean {
  if (kind === 'any') return true;
  const profiles = [...sdp.matchAll(/^m=audio \d+ (\S+)/gm)].map((match) => match[1] ?? '');
  return profiles.some((profile) => profile.includes('TLS') === (kind === 'webrtc'));
}

const WEBRTC_LINES = [
  'a=rtpmap:111 opus/48000/2',
  'a=rtpmap:0 PCMU/8000',
  'a=ice-ufrag:siplet',
  'a=ice-pwd:virtualvirtualvirtualvi',
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
  'a=setup:actpass',
  'a=rtcp-mux',
  'a=mid:0',
];
