/** Rounds of the search for an axis: it comes nearer by the ratio of two variances in each. */
const ROUNDS = 60;

/**
 * Points on the plane on which they lie farthest apart: their two principal components, around their middle, by power iteration.
 *
 * @param points as many numbers each
 */
export function ontoPlane(
  points: readonly (readonly number[])[],
): readonly (readonly [x: number, y: number])[] {
  const middle = meanOf(points);
  let rest = points.map((point) => point.map((value, d) => value - (middle[d] ?? 0)));
  const [first, second] = [0, 1].map((): number[] => {
    const axis = axisOf(rest);
    const along = rest.map((point) => dot(point, axis));
    rest = rest.map((point, k) => point.map((value, d) => value - (along[k] ?? 0) * (axis[d] ?? 0)));
    return along;
  });
  return points.map((_, k) => [first?.[k] ?? 0, second?.[k] ?? 0]);
}

/** The direction of most variance, of length 1. Its largest part is positive, so that pictures do not turn over. */
function axisOf(points: readonly (readonly number[])[]): readonly number[] {
  const width = points[0]?.length ?? 0;
  // No axis of the numbers themselves: one of them may have no variance at all.
  let axis = unit(Array.from({ length: width }, (_, d) => 1 + d / width));
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Array<number>(width).fill(0);
    for (const point of points) {
      const along = dot(point, axis);
      for (let d = 0; d < width; d++) next[d] = (next[d] ?? 0) + along * (point[d] ?? 0);
    }
    axis = unit(next);
  }
  const largest = axis.reduce((most, part) => (Math.abs(part) > Math.abs(most) ? part : most), 0);
  return largest < 0 ? axis.map((part) => -part) : axis;
}

function meanOf(points: readonly (readonly number[])[]): number[] {
  const width = points[0]?.length ?? 0;
  return Array.from(
    { length: width },
    (_, d) => points.reduce((sum, point) => sum + (point[d] ?? 0), 0) / points.length,
  );
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, d) => sum + value * (b[d] ?? 0), 0);
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return vector.map((part) => (length > 0 ? part / length : 0));
}
