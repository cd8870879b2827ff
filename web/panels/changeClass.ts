import { ratioText } from './figures.ts';

/** Less of everything that is compared is better; what differs by less than is shown is the same. */
export function changeClass(before: number, after: number): string | undefined {
  if (after === before || ratioText(after / before) === '×1') return undefined;
  return after < before ? 'is-gain' : 'is-loss';
}
