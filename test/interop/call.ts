import { stack, Tensor } from '../../src/graph/index.ts';
import type { Argument, Sample } from './samples.ts';

/** A sample that this library has no form for, and why. */
export class Unsupported extends Error {}

/** An argument with its tensors in their places. */
type Given =
  | null
  | boolean
  | number
  | string
  | Tensor
  | readonly Given[]
  | { readonly [name: string]: Given };

/** One application: its arguments by place, and by PyTorch's names. */
export class Call {
  readonly #given: readonly Given[];
  readonly #options: ReadonlyMap<string, Given>;
  readonly #asked = new Set<string>();
  readonly #least: ReadonlyMap<Tensor, number>;

  /** @param sample of which the inputs are, in order */
  constructor(sample: Sample, inputs: readonly Tensor[]) {
    const { arguments: given, options } = sample;
    this.#least = new Map(inputs.map((input, k) => [input, Math.min(0, ...(sample.inputs[k]?.data ?? []))]));
    this.#given = given.map((argument) => placed(argument, inputs));
    this.#options = new Map(Object.entries(options).map(([name, value]) => [name, placed(value, inputs)]));
  }

  /** The tensor at a place. */
  tensor(k: number): Tensor {
    const found = this.#given[k];
    if (found instanceof Tensor) return found;
    throw new Unsupported(`argument ${k} is no tensor`);
  }

  /** The tensor at a place, as floats: PyTorch computes functions of integers so. */
  floats(k: number): Tensor {
    const found = this.tensor(k);
    return found.dtype === 'f32' ? found : found.cast('f32');
  }

  /** The indices at a place: here they count from 0 on. */
  indices(k: number): Tensor {
    const found = this.tensor(k);
    return (this.#least.get(found) ?? 0) < 0 ? unsupported('indices from the end') : found;
  }

  /** The tensors of a list at a place. */
  tensors(k: number): readonly Tensor[] {
    const found = this.#given[k];
    if (isList(found) && found.every((one) => one instanceof Tensor)) return found;
    throw new Unsupported(`argument ${k} is no list of tensors`);
  }

  /** Two operands in the element type that both become. */
  pair(): readonly [Tensor, Tensor] {
    const [a, b] = [this.#given[0], this.#given[1]];
    const known = [a, b].filter((one) => one instanceof Tensor);
    const order = ['f32', 'i32', 'bool'] as const;
    const isFloat = [a, b].some((one) => typeof one === 'number' && !Number.isInteger(one));
    const dtype = isFloat ? 'f32' : (order.find((one) => known.some((t) => t.dtype === one)) ?? 'f32');
    const [like] = known;
    const whole = (one: Given | undefined): Tensor => {
      if (one instanceof Tensor) return one.dtype === dtype ? one : one.cast(dtype);
      if (typeof one === 'number' && like !== undefined) return like.sum().cast(dtype).fullLike(one);
      throw new Unsupported('an operand is neither a tensor nor a number');
    };
    return [whole(a), whole(b)];
  }

  has(name: string, place?: number): boolean {
    const found = this.#option(name, place);
    return found !== undefined && found !== null;
  }

  number(name: string, place?: number, otherwise?: number): number {
    const found = this.#option(name, place) ?? otherwise;
    if (typeof found === 'number') return found;
    throw new Unsupported(`${name} is no number`);
  }

  /** Whether the argument at a place is one number. */
  isNumber(place: number): boolean {
    return typeof this.#given[place] === 'number';
  }

  isTensor(place: number): boolean {
    return this.#given[place] instanceof Tensor;
  }

  flag(name: string, place?: number, otherwise = false): boolean {
    const found = this.#option(name, place) ?? otherwise;
    if (typeof found === 'boolean') return found;
    throw new Unsupported(`${name} is no flag`);
  }

  text(name: string, place?: number, otherwise?: string): string {
    const found = this.#option(name, place) ?? otherwise;
    if (typeof found === 'string') return found;
    throw new Unsupported(`${name} is no text`);
  }

  isText(name: string, place?: number): boolean {
    return typeof this.#option(name, place) === 'string';
  }

  /** A list of numbers, or one number as a list of it. */
  numbers(name: string, place?: number, otherwise?: readonly number[]): readonly number[] {
    const found = this.#option(name, place) ?? otherwise;
    if (typeof found === 'number') return [found];
    if (isList(found) && found.every((one) => typeof one === 'number')) return found;
    throw new Unsupported(`${name} is no list of numbers`);
  }

  /** Numbers from a place on, as a list or one after the other. */
  rest(name: string, place: number): readonly number[] {
    const found = this.#given.slice(place);
    return found.every((one) => typeof one === 'number') && found.length > 0
      ? found
      : this.numbers(name, place);
  }

  /** The axes that an operation goes along; undefined is all. */
  axes(place = 1): readonly number[] | undefined {
    return this.has('dim', place) ? this.numbers('dim', place) : undefined;
  }

  optionalTensor(name: string, place?: number): Tensor | undefined {
    const found = this.#option(name, place);
    return found instanceof Tensor ? found : undefined;
  }

  /** Refuses options that nothing asked for: what they say would be left out. */
  requireAsked(): void {
    for (const [name, value] of this.#options)
      if (value !== null && !this.#asked.has(name)) throw new Unsupported(`option ${name}`);
  }

  #option(name: string, place: number | undefined): Given | undefined {
    this.#asked.add(name);
    return this.#options.get(name) ?? (place === undefined ? undefined : this.#given[place]);
  }
}

function placed(argument: Argument, inputs: readonly Tensor[]): Given {
  if (typeof argument !== 'object' || argument === null) return argument;
  if (isArguments(argument)) return argument.map((one) => placed(one, inputs));
  if ('tensor' in argument && typeof argument.tensor === 'number') {
    const found = inputs[argument.tensor];
    if (found === undefined) throw new RangeError(`a sample has no input ${argument.tensor}`);
    return found;
  }
  throw new Unsupported('a dictionary');
}

function isArguments(argument: Argument): argument is readonly Argument[] {
  return Array.isArray(argument);
}

function isList(given: Given | undefined): given is readonly Given[] {
  return Array.isArray(given);
}

/** Tensors one on another where there are some. */
export function stacked(tensors: readonly Tensor[], axis: number): Tensor {
  if (tensors.length === 0) throw new Unsupported('no tensors');
  return stack(tensors, axis);
}

/** Refuses a sample. */
export function unsupported(why: string): never {
  throw new Unsupported(why);
}
