// "Did you mean": used by options, DAR checks, servlet names and the command line.

/** The candidate that a person most probably meant, or undefined when none is close. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` Did you mean "x"?`, or the list of what exists, to be appended to a message. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const names = [...candidates];
  const near = closest(word, names);
  if (near !== undefined) return ` Did you mean "${near}"?`;
  return names.length === 0 ? '' : ` Known: ${names.join(', ')}.`;
}

/** Levenshtein distance with swaps of neighbours counted as one. */
function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= from.length; i += 1) {
    const row: number[] = [i];
    rows.push(row);
    for (let j = 1; j <= to.length; j += 1) {
      const cost = from[i - 1] === to[j - 1] ? 0 : 1;
      let value = Math.min((row[j - 1] ?? 0) + 1, at(rows, i - 1, j) + 1, at(rows, i - 1, j - 1) + cost);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        value = Math.min(value, at(rows, i - 2, j - 2) + 1);
      row.push(value);
    }
  }
  return at(rows, from.length, to.length);
}

function at(rows: readonly number[][], i: number, j: number): number {
  return rows[i]?.[j] ?? 0;
}
