/** Metrics in plain loops over samples: what the graph's are compared with. */

/** Rows of logits, a label each. */
export interface Samples {
  readonly logits: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** Classes in falling order of their logits: a NaN comes first, of equal ones the first. */
function ranking(logits: readonly number[]): number[] {
  const key = (x: number): number => (Number.isNaN(x) ? Number.MAX_VALUE : x);
  return logits.map((_, k) => k).sort((a, b) => key(logits[b] ?? 0) - key(logits[a] ?? 0) || a - b);
}

/** How many labels are among the first k, and how many count. */
export function plainHits({ logits, labels }: Samples, k: number, ignored?: number): [number, number] {
  let [right, all] = [0, 0];
  labels.forEach((label, i) => {
    if (label === ignored) return;
    all++;
    if (
      ranking(logits[i] ?? [])
        .slice(0, k)
        .includes(label)
    )
      right++;
  });
  return [right, all];
}

/** Counts of label by prediction, row by row. */
export function plainConfusion({ logits, labels }: Samples, classes: number, ignored?: number): number[] {
  const counts = new Array<number>(classes * classes).fill(0);
  labels.forEach((label, i) => {
    if (label === ignored) return;
    const at = label * classes + (ranking(logits[i] ?? [])[0] ?? 0);
    counts[at] = (counts[at] ?? 0) + 1;
  });
  return counts;
}

/** True and false positives, true and false negatives at each threshold, kind by kind. */
export function plainCounts(
  scores: readonly number[],
  labels: readonly number[],
  thresholds: readonly number[],
): number[] {
  const kinds: readonly ((isAbove: boolean, isOne: boolean) => boolean)[] = [
    (above, one) => above && one,
    (above, one) => above && !one,
    (above, one) => !above && !one,
    (above, one) => !above && one,
  ];
  return kinds.flatMap((isKind) =>
    thresholds.map(
      (threshold) => scores.filter((score, i) => isKind(score > threshold, (labels[i] ?? 0) > 0)).length,
    ),
  );
}
