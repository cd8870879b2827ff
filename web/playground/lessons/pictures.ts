import type { Output, StateSlot } from '../../../src/runtime/index.ts';
import type { View } from '../protocol.ts';
import { floats } from './lesson.ts';

type Images = Extract<View, { kind: 'images' }>;
export type Image = Images['images'][number];

/** Images of one view, at most: more are too small to see. */
const MOST = 32;

/** One digit: 784 values, row by row. */
export function digitImage(pixels: ArrayLike<number>, label?: string): Image {
  return { width: 28, height: 28, values: floats(pixels), ...(label === undefined ? {} : { label }) };
}

/** The state whose values look at pixels: a kernel of 784 rows, or the first of a convolution; undefined where there is none. */
export function firstKernel(states: readonly StateSlot[]): StateSlot | undefined {
  return states.find(
    ({ shape, kernel }) =>
      (shape.length === 2 && shape[0] === 784) ||
      (shape.length === 4 && kernel === 'convolution' && shape[1] === 1),
  );
}

/** A kernel as images: what each unit, or each filter, looks for. */
export function kernelImages({ shape, data }: Output): Image[] {
  const [first = 1, second = 1, height = 1, width = 1] = shape;
  if (shape.length === 2)
    return range(Math.min(second, MOST)).map((unit) =>
      digitImage(range(first).map((pixel) => data[pixel * second + unit] ?? 0)),
    );
  return range(Math.min(first, MOST)).map((filter) => {
    const from = filter * second * height * width;
    return { width, height, values: floats(data.slice(from, from + height * width)) };
  });
}

/** An output of one row as images: channels of `[1, channels, height, width]`, or numbers in about a square. */
export function outputImages({ shape, data }: Output): Image[] {
  const [, ...inner] = shape;
  const [height = 1, width = 1] = inner.slice(-2);
  if (inner.length >= 2) {
    const area = height * width;
    const count = area === 0 ? 0 : data.length / area;
    return range(Math.min(count, MOST)).map((k) => ({
      width,
      height,
      values: floats(data.slice(k * area, (k + 1) * area)),
    }));
  }
  const across = Math.ceil(Math.sqrt(data.length));
  const down = Math.ceil(data.length / Math.max(across, 1));
  const values = new Float32Array(across * down);
  values.set(data);
  return [{ width: across, height: down, values }];
}

/** Images of one size side by side, as one. */
export function tiled(images: readonly Image[], across: number): Image {
  const { width = 1, height = 1 } = images[0] ?? {};
  const down = Math.ceil(images.length / across);
  const values = new Float32Array(across * width * down * height);
  for (const [k, image] of images.entries()) {
    const [left, top] = [(k % across) * width, Math.floor(k / across) * height];
    for (let y = 0; y < height; y++)
      values.set(image.values.subarray(y * width, (y + 1) * width), (top + y) * across * width + left);
  }
  return { width: across * width, height: down * height, values };
}

/** 0, 1, … below a number. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, k) => k);
}
