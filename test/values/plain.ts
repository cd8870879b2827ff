import type { Given } from '../../src/reference/index.ts';

/** An array for expected values: numbers in row-major order, read and made by loops alone. */
export interface Plain extends Given {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** An array whose element at an index is what a function says. */
export function made(shape: readonly number[], element: (...at: number[]) => number): Plain {
  const data: number[] = [];
  const fill = (at: number[]): void => {
    const extent = shape[at.length];
    if (extent === undefined) data.push(element(...at));
    else for (let i = 0; i < extent; i++) fill([...at, i]);
  };
  fill([]);
  return { shape, data };
}

/** An element by its index. @throws RangeError where there is none */
export function at({ shape, data }: Plain, ...index: readonly number[]): number {
  const place = shape.reduce((flat, extent, k) => {
    const i = index[k] ?? Number.NaN;
    if (!(i >= 0 && i < extent)) throw new RangeError(`[${index}] of [${shape}]`);
    return flat * extent + i;
  }, 0);
  return data[place] ?? Number.NaN;
}

/** All pairs of a first and a second array's elements. */
export function zipped(a: Plain, b: Plain, combine: (x: number, y: number) => number): Plain {
  return { shape: a.shape, data: a.data.map((x, k) => combine(x, b.data[k] ?? Number.NaN)) };
}

/**
 * A sum of products by its definition: over every choice of indices for all letters.
 *
 * @param equation with an arrow, and a letter for every axis; axes of one element broadcast
 */
export function sumOfProducts(equation: string, ...operands: readonly Plain[]): Plain {
  const [left = '', result = ''] = equation.split('->');
  const terms = left.split(',');
  const letters = [...new Set(left.replaceAll(',', ''))];
  const extentOf = (letter: string): number =>
    Math.max(
      ...terms.flatMap((term, k) =>
        [...term].map((l, d) => (l === letter ? (operands[k]?.shape[d] ?? 0) : 0)),
      ),
    );
  const summed = letters.filter((letter) => !result.includes(letter));
  const extents = new Map(letters.map((letter) => [letter, extentOf(letter)]));
  const of = (list: readonly string[]): number[] => list.map((letter) => extents.get(letter) ?? 0);
  // Where each axis of each operand finds its index among those of the result and those that are summed over.
  const order = [...result, ...summed];
  const places = terms.map((term) => [...term].map((letter) => order.indexOf(letter)));
  const choices: number[][] = [];
  made(of(summed), (...index) => choices.push(index));
  return made(of([...result]), (...index) => {
    let sum = 0;
    for (const choice of choices) {
      const all = [...index, ...choice];
      sum += operands.reduce((product, operand, k) => {
        const own = (places[k] ?? []).map((place, d) => (operand.shape[d] === 1 ? 0 : (all[place] ?? 0)));
        return product * at(operand, ...own);
      }, 1);
    }
    return sum;
  });
}
