import { clipped, listed } from '../runtime/clipped.ts';
import { naming } from '../runtime/issues.ts';

/** What to put behind a name that is not there: the nearest one, where a door knows how to find it, and those there are. */
export function didYouMeanIn(name: string, known: readonly string[]): string {
  return `${naming.nearest?.(name, known) ?? ''}; there are ${listed(known.map(clipped))}`;
}
