/** Pixels along each side of what the reader sees. */
const SIDE = 28;

/** Pixels along the longer side of the digit within, as MNIST has them. */
const INNER = 20;

/**
 * A drawing as MNIST has its digits: what is drawn, scaled to a box of 20 × 20 pixels, with its centre of mass in the middle of
 * 28 × 28.
 *
 * @param rgba of a canvas, four bytes a pixel; how opaque a pixel is is what counts
 * @returns 784 pixels, 0 to 255; undefined where nothing is drawn
 */
export function pixelsOf(
  rgba: Uint8ClampedArray,
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> | undefined {
  const ink = (x: number, y: number): number =>
    x >= 0 && y >= 0 && x < width && y < height ? (rgba[4 * (y * width + x) + 3] ?? 0) : 0;
  let [left, right, top, bottom] = [width, -1, height, -1];
  let [mass, sumX, sumY] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dark = ink(x, y);
      if (dark === 0) continue;
      [left, right, top, bottom] = [
        Math.min(left, x),
        Math.max(right, x),
        Math.min(top, y),
        Math.max(bottom, y),
      ];
      mass += dark;
      sumX += dark * x;
      sumY += dark * y;
    }
  }
  if (mass === 0) return undefined;
  // Each pixel is the mean of the square of the drawing that it covers.
  const scale = Math.max(right - left + 1, bottom - top + 1) / INNER;
  const pixels = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const at = (p: number, centre: number): number => Math.floor(centre + (p - SIDE / 2) * scale);
      const [x0, y0] = [at(x, sumX / mass), at(y, sumY / mass)];
      const [x1, y1] = [Math.max(at(x + 1, sumX / mass), x0 + 1), Math.max(at(y + 1, sumY / mass), y0 + 1)];
      let sum = 0;
      for (let row = y0; row < y1; row++)
        for (let column = x0; column < x1; column++) sum += ink(column, row);
      pixels[SIDE * y + x] = Math.round(sum / ((x1 - x0) * (y1 - y0)));
    }
  }
  return pixels;
}
