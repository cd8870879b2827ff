import { type Dtype, elementCount } from '../loops/index.ts';
import type { DeclaredInit as Init } from '../runtime/program.ts';
import { misfit, quoted, shown } from './arguments.ts';
import { GraphError } from './issues.ts';
import type { Initializer } from './module.ts';
import { valuesOf, wordCount } from './words.ts';

/**
 * What an initializer gives a state; zeros where there is none. Initializers of callers may give anything, or be none.
 *
 * @throws GraphError naming the state and what does not fit it
 */
export function firstValue(
  name: string,
  init: Initializer | undefined,
  shape: readonly number[],
  stream: number,
  dtype: Exclude<Dtype, 'u8'>,
): Init {
  if (init === undefined) return { kind: 'constant', value: 0 };
  const hint = 'it must be what nn.init.zeros() and the like give';
  const label = quoted(name);
  if (typeof init !== 'function')
    throw new GraphError('option', 'state', `${label}: init is ${shown(init)}: ${hint}`);
  const first = init(shape, stream, dtype, name);
  if (typeof first !== 'object' || first === null || !kinds.has(first.kind)) {
    const text = `${label}: init gives ${shown(first)}, which is no first value: ${hint}`;
    throw new GraphError('option', 'state', text);
  }
  requireFirst(name, first, shape, dtype);
  return first;
}

const kinds: ReadonlySet<unknown> = new Set<Init['kind']>(['constant', 'uniform', 'normal', 'values']);

/** Requires a first value to fit its state. @throws GraphError naming the state and the first value that does not */
export function requireFirst(name: string, init: Init, shape: readonly number[], dtype: Dtype): void {
  const wrong = (text: string): never => {
    throw new GraphError('values', 'state', `${quoted(name)}: ${text}`);
  };
  if (init.kind === 'values') {
    const [found, wanted] = [wordCount(init.words), elementCount(shape)];
    if (found !== wanted) wrong(`${found} given values for a shape of ${wanted} elements`);
    // Any word is a value of the other types.
    const words = dtype === 'bool' ? valuesOf(init.words, dtype) : [];
    const k = words.findIndex((word) => word > 1);
    if (k >= 0) wrong(`value ${k} is ${words[k]}: values must be ${misfit(Number(words[k]), dtype)}`);
  } else if (init.kind === 'constant') {
    // A NaN that is meant is one of given values: a program as JSON has none.
    const wanted = Number.isNaN(init.value) ? 'numbers' : misfit(init.value, dtype);
    if (wanted !== undefined) wrong(`value is ${shown(init.value)}: values must be ${wanted}`);
  } else if (init.kind === 'uniform' && !isRange(init.low, init.high)) {
    wrong(`from ${shown(init.low)} to ${shown(init.high)}: bounds must be finite and in order`);
  } else if (init.kind === 'normal' && !(Number.isFinite(init.mean) && isRange(0, init.deviation))) {
    const found = `mean ${shown(init.mean)} and deviation ${shown(init.deviation)}`;
    wrong(`${found} must be finite, the latter not negative`);
  } else if (init.kind === 'uniform' && dtype === 'u32') {
    const holds = init.low >= 0 && init.high <= 2 ** 32 && [init.low, init.high].every(Number.isInteger);
    if (!holds)
      wrong(`from ${init.low} to ${init.high}: bounds must be whole numbers from 0 to ${2 ** 32} (u32)`);
  } else if (dtype !== 'f32') wrong(`${init.kind} values are floats, the state is ${dtype}`);
}

function isRange(low: number, high: number): boolean {
  return Number.isFinite(low) && Number.isFinite(high) && low <= high;
}
