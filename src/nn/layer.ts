import { quoted, requireFlag, requireName, requireOptions } from '../graph/arguments.ts';
import { GraphError, Tensor, type Update } from '../graph/index.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import type { Declared, Weights } from './weights.ts';

/**
 * A layer: declared once, applied as often as wanted, always with the same weights. They are states of the module of the
 * first tensor that it is applied to, of the shapes that this tensor asks for.
 *
 * ```ts
 * const hidden = nn.dense(128, { activation: 'relu', name: 'hidden' });
 * const [a, b] = [hidden(x), hidden(y)];
 * optim.sgd({ lr: 0.1 }).minimize(loss, { wrt: hidden });
 * ```
 *
 * Applied to a tensor that its weights do not fit, it throws a ShapeError `layer`; in another module, a GraphError
 * `other-graph`.
 */
export interface Layer<Args extends readonly unknown[] = [x: Tensor], Out = Tensor<'f32'>>
  extends LayerStates {
  (...args: Args): Out;
  /**
   * Another layer of the same options, with weights of its own: they begin as this one's do, if these are declared before
   * them. A weight that was given as an option is shared. Without a name it has that of this one with a number.
   */
  clone(options?: LayerOptions): Layer<Args, Out>;
}

/** The weights of a layer, whatever it is applied to. Before its first application there are none: it throws a GraphError `layer`. */
export interface LayerStates {
  /** As given, or as its states are called; undefined until that is known, and for a composite without a name. */
  readonly name: string | undefined;
  /** Weights that it declared, in order of declaration, frozen ones too; those of a composite are its parts', once each. */
  parameters(): Tensor<'f32'>[];
  /** All states that it declared: weights, and running statistics. */
  states(): Tensor<'f32'>[];
  /** Next values of running statistics, by all applications so far, one after the other: for an entry that trains. */
  updates(): Update[];
}

/** Options of every layer. */
export interface LayerOptions {
  /** Names the layer, its states (`NAME.weight`) and its result; a name of its kind that no other has where it is left out. */
  readonly name?: string;
  /** Whether optimizers update its weights when they are not told what to; they do where it is left out. */
  readonly trainable?: boolean;
}

/** Names of the options of every layer. */
export const layerOptions: readonly (keyof LayerOptions)[] = ['name', 'trainable'];

/** Requires options of a layer that it knows, and a name that can be one. @throws GraphError saying what is wrong */
export function requireLayerOptions(op: string, options: LayerOptions, known: readonly string[]): void {
  requireOptions(op, options, [...known, ...layerOptions]);
  if (options.name !== undefined) requireName(op, 'a layer', options.name);
  if (options.trainable !== undefined) requireFlag(op, 'trainable', options.trainable);
}

/** Arguments of either form of a layer's function: those of the layer, or a tensor first that it is applied to at once. */
export type EitherForm<Args extends unknown[]> = Args | [x: Tensor, ...Args];

/**
 * A layer, or what it makes of the tensor that stands first.
 *
 * @param sizes how many arguments stand before the options of the layer
 * @throws GraphError where neither a tensor nor the sizes of a layer come first
 */
export function inEitherForm<Args extends unknown[], L extends (x: Tensor) => Out, Out = Tensor<'f32'>>(
  op: string,
  sizes: number,
  args: EitherForm<Args>,
  make: (...args: Args) => L,
): L | Out {
  if (!isShort(op, sizes, args)) return make(...args);
  const [x, ...rest] = args;
  return make(...rest)(x);
}

/** Whether a tensor stands first. @throws as {@link inEitherForm} */
export function isShort<Args extends unknown[]>(
  op: string,
  sizes: number,
  args: EitherForm<Args>,
): args is [x: Tensor, ...Args] {
  const first: unknown = args[0];
  if (first instanceof Tensor) return true;
  // Behind the sizes of a layer come its options: anything else there means that what should be a tensor is none.
  const options: unknown = args[sizes];
  const isPlain = typeof options === 'object' && options !== null && !Array.isArray(options);
  const isMissing = options === undefined ? sizes === 0 && args.length > 0 : !isPlain;
  if (args.length > sizes + 1 || isMissing) requireTensor(op, first);
  return false;
}

/** What a layer is made of: weights of its own, or parts that have some. */
export interface Inner {
  readonly op: string;
  readonly name: string | undefined;
  /** The name that it was given, or that of its place in a composite which was given one. */
  readonly given: string | undefined;
  /** Whether it was applied: an application that failed does not count. */
  readonly isApplied: boolean;
  /** What it declared, or its parts did. */
  declared(): readonly Declared[];
  updates(): readonly Update[];
  /** Takes the name, and whether it is frozen, of the composite that applies it, where it has none of its own yet. */
  adopt(name: string | undefined, isFrozen: boolean): void;
}

/** Layers and their copies, while a composite of them is copied: what is shared in one is shared in the other. */
export type Copies = Map<object, object>;

interface Known {
  readonly inner: Inner;
  readonly copy: (copies: Copies, options: LayerOptions) => object;
}

const layers = new WeakMap<object, Known>();

/** What a layer is made of; undefined where it is another function. */
export function innerOf(layer: object): Inner | undefined {
  return layers.get(layer)?.inner;
}

/** The copy of a layer among copies, made where there is none yet; another function is its own copy. */
export function copyOf<T extends object>(layer: T, copies: Copies): T {
  const copy = copies.get(layer) ?? layers.get(layer)?.copy(copies, {}) ?? layer;
  copies.set(layer, copy);
  if (isCopyOf(copy, layer)) return copy;
  throw new TypeError(`the copy of ${innerOf(layer)?.op} is of another kind`);
}

function isCopyOf<T extends object>(copy: object, layer: T): copy is T {
  return copy === layer || innerOf(copy)?.op === innerOf(layer)?.op;
}

/** A layer that has members of its own beside those of all layers. */
export type LayerWith<Args extends unknown[], Out, More> = ((...args: Args) => Out) &
  LayerStates &
  More & { clone(options?: LayerOptions): LayerWith<Args, Out, More> };

/** What defines the members of an object. */
export type Members<T> = { readonly [K in keyof T]: TypedPropertyDescriptor<T[K]> };

/**
 * A layer of weights, which it declares when it is first applied.
 *
 * @param apply what it computes, of the weights that it finds or declares
 * @param more  its members beside those of all layers
 */
export function layerOf<Args extends unknown[], Out, More extends object>(
  weights: Weights,
  apply: (own: Weights, ...args: Args) => Out,
  more: (own: Weights, apply: (...args: Args) => Out) => Members<More>,
): LayerWith<Args, Out, More> {
  const applied = (...args: Args): Out => {
    const made = apply(weights, ...args);
    weights.done();
    return made;
  };
  return equipped(weights, applied, more(weights, applied), (_, options) =>
    layerOf(weights.copied(options), apply, more),
  );
}

/** A function with the members of a layer. */
export function equipped<Args extends unknown[], Out, More extends object>(
  inner: Inner,
  layer: (...args: Args) => Out,
  more: Members<More>,
  copy: (copies: Copies, options: LayerOptions) => LayerWith<Args, Out, More>,
): LayerWith<Args, Out, More> {
  const clone = (options: LayerOptions = {}): LayerWith<Args, Out, More> => {
    requireLayerOptions(`${inner.op}.clone`, options, []);
    return copy(new Map(), options);
  };
  define(layer, membersOf(inner));
  define(layer, more);
  define(layer, { clone: { value: clone } });
  layers.set(layer, { inner, copy });
  return layer;
}

function membersOf(inner: Inner): Members<LayerStates> {
  const declared = (): readonly Declared[] => {
    const all = inner.declared();
    if (all.length === 0 && !inner.isApplied) notApplied(inner);
    return all;
  };
  const once = (all: readonly Declared[]): Tensor<'f32'>[] => [
    ...new Map(all.map(({ tensor }) => [tensor.node, tensor])).values(),
  ];
  return {
    name: { get: () => inner.name },
    parameters: { value: () => once(declared().filter(({ isWeight }) => isWeight)) },
    states: { value: () => once(declared()) },
    updates: {
      value: () => {
        declared();
        return [...new Map(inner.updates().map((update) => [update.state.node, update])).values()];
      },
    },
  };
}

/** Refuses to give weights of a layer that has none yet. @throws GraphError always */
export function notApplied({ op, name }: Pick<Inner, 'op' | 'name'>): never {
  const what = name === undefined ? 'the layer' : quoted(name);
  const text = `${what} has no weights yet: apply it first, since what it is applied to says how many it needs`;
  throw new GraphError('layer', op, text);
}

function define<T extends object, M extends object>(target: T, members: Members<M>): asserts target is T & M {
  Object.defineProperties(target, members);
}
