// What a client wants to read (RFC 9110 §12.5.1), as far as the container decides by it.

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

/** The quality a client gives to a media type, 0 when it refuses it; a missing header accepts everything. */
export function quality(accept: string | undefined, type: string): number {
  if (accept === undefined || accept.trim() === '') return 1;
  const major = `${type.split('/')[0]}/*`;
  let best: { rank: number; quality: number } = { rank: 0, quality: 0 };
  for (const range of ranges(accept)) {
    const rank = range.type === type ? 3 : range.type === major ? 2 : range.type === '*/*' ? 1 : 0;
    if (rank > best.rank) best = { rank, quality: range.quality };
  }
  return best.quality;
}

/** Whether a client accepts a media type at all. */
export function accepts(accept: string | undefined, type: string): boolean {
  return quality(accept, type) > 0;
}

/** Whether an error should be a page for people: only when HTML is named and not less welcome than JSON. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined || !/text\/html|text\/\*|application\/xhtml/i.test(accept)) return false;
  return quality(accept, 'text/html') >= quality(accept, 'application/json');
}

function* ranges(accept: string): Generator<MediaRange> {
  for (const part of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = part.split(';').map((each) => each.trim());
    const q = parameters.find((each) => each.startsWith('q='));
    const value = q === undefined ? 1 : Number(q.slice(2));
    yield { type, quality: Number.isFinite(value) ? value : 0 };
  }
}
