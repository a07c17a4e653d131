import { suggest } from '@siplet/app-router';

/** ` Did you mean "x"?`, or the list of what exists, to be appended to a message. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const names = [...candidates];
  const near = suggest(word, names);
  if (near !== undefined) return ` Did you mean "${near}"?`;
  return names.length === 0 ? '' : ` Known: ${names.join(', ')}.`;
}
