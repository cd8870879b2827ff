/** A label's place: its left end, the line that it stands on, and its size in pixels. */
export interface LabelBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Which labels stand, so that none covers another or an obstacle: the first ones, in their order. */
export function placedLabels(boxes: readonly LabelBox[], obstacles: readonly LabelBox[] = []): boolean[] {
  const standing = [...obstacles];
  return boxes.map((box) => {
    const isFree = standing.every((other) => !meet(box, other));
    if (isFree) standing.push(box);
    return isFree;
  });
}

function meet(a: LabelBox, b: LabelBox): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y - a.height < b.y && b.y - b.height < a.y;
}
