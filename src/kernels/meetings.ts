/** Elements of an arena, which is memory of its own. */
export interface Span {
  readonly arena: string;
  readonly offset: number;
  readonly elements: number;
}

/**
 * Which spans share memory: the numbers of each pair, the smaller one first, in order. What a kernel waits for depends on
 * nothing else of where its tensors lie.
 *
 * @param spans undefined for what shares memory with nothing
 */
export function meetings(spans: readonly (Span | undefined)[]): (readonly [number, number])[] {
  const placed = spans.flatMap((span, k) =>
    span === undefined ? [] : [{ k, ...span, end: span.offset + span.elements }],
  );
  placed.sort((a, b) => (a.arena === b.arena ? a.offset - b.offset : a.arena < b.arena ? -1 : 1));
  const found: [number, number][] = [];
  for (const [i, a] of placed.entries())
    for (let j = i + 1; j < placed.length; j++) {
      const b = placed[j];
      if (b === undefined || b.arena !== a.arena || b.offset >= a.end) break;
      found.push(a.k < b.k ? [a.k, b.k] : [b.k, a.k]);
    }
  return found.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}
