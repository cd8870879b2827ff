import { clipped } from './runtime/clipped.ts';

/**
 * What a person may have meant by a name that is not there: the nearest of those that are, or the one that other
 * libraries call so. A text to put behind the name, ` (did you mean "relu"?)`; empty where nothing is near.
 */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : ` (did you mean ${JSON.stringify(clipped(nearest))}?)`;
}

/** What other libraries call some options, element types and the like. */
const otherNames: Readonly<Record<string, string>> = {
  learningrate: 'lr',
  beta1: 'b1',
  beta2: 'b2',
  epsilon: 'eps',
  float: 'f32',
  float32: 'f32',
  int: 'i32',
  int32: 'i32',
  uint32: 'u32',
  uint8: 'u8',
  boolean: 'bool',
  gpu: 'webgpu',
  webassembly: 'wasm',
  strides: 'stride',
  usebias: 'bias',
};

function nearestName(name: string, known: readonly string[]): string | undefined {
  // Callers without types may give anything for a name.
  if (typeof name !== 'string') return undefined;
  const plain = plainName(name);
  const other = Object.hasOwn(otherNames, plain) ? otherNames[plain] : undefined;
  if (other !== undefined && known.includes(other)) return other;
  // A third of the letters may be wrong: more would be a guess.
  const most = Math.floor(Math.max(3, plain.length) / 3);
  const near = known
    .filter((one) => Math.abs(one.length - name.length) <= most + 2)
    .map((one) => ({ one, edits: editsBetween(plain, plainName(one)) }))
    .filter(({ edits, one }) => edits <= most && edits < plainName(one).length);
  return near.sort((a, b) => a.edits - b.edits)[0]?.one;
}

/** Without what spellings differ in: cases, and what stands between words. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '');
}

/** Letters to put in, take out, change or exchange with their neighbour (Damerau 1964), to make one text of another. */
function editsBetween(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const exchanged =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : changed;
      row.push(Math.min(changed, exchanged, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
