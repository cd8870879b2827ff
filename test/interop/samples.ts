import { readFileSync } from 'node:fs';
import type { Given } from '../../src/reference/index.ts';

/** An argument of a sample: a tensor by its place among the inputs, a number, a list, a name of an element type. */
export type Argument =
  | null
  | boolean
  | number
  | string
  | { readonly tensor: number }
  | readonly Argument[]
  | { readonly [name: string]: Argument };

/** An array of a sample. */
export interface SampleTensor extends Given {
  readonly shape: readonly number[];
  readonly dtype: 'f32' | 'i32' | 'bool';
  readonly data: readonly number[];
}

/** One application of one of PyTorch's operations. */
export interface Sample {
  readonly variant: string;
  readonly arguments: readonly Argument[];
  readonly options: Readonly<Record<string, Argument>>;
  readonly inputs: readonly SampleTensor[];
  readonly results: readonly SampleTensor[];
  /** The gradients in the inputs of the weighted sum of float results; null where there is none. */
  readonly g?: readonly (SampleTensor | null)[];
  /** Those of the sum of all squares of `g`. */
  readonly h?: readonly (SampleTensor | null)[];
}

/** Reads what `samples.py` wrote: the samples of each operation. */
export function readSamples(path: string): Map<string, Sample[]> {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return new Map(
    lines.map((line) => {
      const { operation, samples } = JSON.parse(line, revived);
      return [String(operation), samples];
    }),
  );
}

/** JSON has no NaN and no infinities: in data they are texts. */
function revived(_key: string, value: unknown): unknown {
  return value === 'nan' ? Number.NaN : value === 'inf' ? Infinity : value === '-inf' ? -Infinity : value;
}

/** The weight of an element of a result, as in `samples.py`. */
export function weightOf(k: number): number {
  return 0.5 + ((k * 7) % 5) / 4;
}
