import { shown } from '../graph/arguments.ts';
import { GraphError, ShapeError, type Tensor } from '../graph/index.ts';
import { sameShape } from '../graph/shape.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { type Dtype, shapeText } from '../loops/index.ts';
import { Parts } from './composite.ts';
import {
  type Copies,
  copyOf,
  equipped,
  type Inner,
  type Layer,
  type LayerOptions,
  requireLayerOptions,
} from './layer.ts';

/** A layer, or another function, that stands in a {@link sequential}. */
export type Part = (x: Tensor) => Tensor;

/** Layers one after another, the last of which gives elements of type `D`. */
export interface Sequential<D extends Dtype = Dtype> extends Layer<[x: Tensor], Tensor<D>> {
  readonly layers: readonly Part[];
  clone(options?: LayerOptions): Sequential<D>;
}

/**
 * Layers and other functions, one after another. Those without a name are called `NAME.0`, `NAME.1`, … by their places, if it
 * has a name.
 *
 * ```ts
 * const net = nn.sequential([nn.dense(64), nn.relu, nn.dense(10)], { name: 'net' }); // net.0.weight, net.2.weight
 * const logits = net(x);
 * ```
 *
 * @throws GraphError `operands` where a part is not a function
 */
export function sequential<D extends Dtype>(
  parts: readonly [...Part[], (x: Tensor) => Tensor<D>],
  options?: LayerOptions,
): Sequential<D>;
export function sequential(parts: readonly Part[], options?: LayerOptions): Sequential;
export function sequential(parts: readonly Part[], options: LayerOptions = {}): Sequential {
  const op = 'sequential';
  const given: unknown = parts;
  if (!Array.isArray(given))
    throw new GraphError('operands', op, `takes a list of layers, not ${shown(given)}`);
  requireLayerOptions(op, options, []);
  return sequentialOf([...parts], options);
}

function sequentialOf(parts: readonly Part[], options: LayerOptions, stem?: string): Sequential {
  const entries = parts.map((part, k) => [String(k), part] as const);
  requireFunctions('sequential', entries);
  const inner = new Parts('sequential', entries, options, stem);
  const apply = (x: Tensor): Tensor => {
    requireTensor('sequential', x);
    return inner.apply([x], () => parts.reduce((y, part) => part(y), x));
  };
  const copy = (copies: Copies, changes: LayerOptions): Sequential => {
    const { options: own, stem: from } = inner.copied(changes);
    const layers = parts.map((part) => copyOf(part, copies));
    return sequentialOf(layers, own, from);
  };
  return equipped<[x: Tensor], Tensor, Pick<Sequential, 'layers'>>(
    inner,
    apply,
    { layers: { value: parts } },
    copy,
  );
}

/** Options of {@link residual}. */
export interface ResidualOptions extends LayerOptions {
  /** What is added in place of the operand, where its shape is another: `NAME.shortcut`. */
  readonly shortcut?: Part;
}

/** What a body makes of an operand, and the operand. */
export interface Residual<D extends Dtype = Dtype> extends Layer<[x: Tensor], Tensor<D>> {
  readonly body: (x: Tensor) => Tensor<D>;
  readonly shortcut: Part | undefined;
  clone(options?: LayerOptions): Residual<D>;
}

/**
 * `body(x) + x` (He et al. 2016), or `body(x) + shortcut(x)`. Its parts are called `NAME.body` and `NAME.shortcut`.
 *
 * ```ts
 * nn.residual(nn.sequential([nn.conv2d(32, 3, { padding: 1 }), nn.relu]), { shortcut: nn.conv2d(32, 1) })(x);
 * ```
 *
 * @throws ShapeError `layer` where the two have different shapes: nothing is broadcast
 */
export function residual<D extends Dtype>(
  body: (x: Tensor) => Tensor<D>,
  options: ResidualOptions = {},
): Residual<D> {
  requireLayerOptions('residual', options, ['shortcut']);
  return residualOf(body, options);
}

function residualOf<D extends Dtype>(
  body: (x: Tensor) => Tensor<D>,
  { shortcut, ...options }: ResidualOptions,
  stem?: string,
): Residual<D> {
  const op = 'residual';
  const parts = { body, ...(shortcut === undefined ? {} : { shortcut }) };
  requireFunctions(op, Object.entries(parts));
  const inner = new Parts(op, Object.entries(parts), options, stem);
  const added = (x: Tensor): Tensor<D> => {
    const made = body(x);
    const other = shortcut === undefined ? x : shortcut(x);
    for (const part of [made, other]) requireTensor(op, part);
    if (sameShape(made.shape, other.shape)) return made.add(other);
    const what = shortcut === undefined ? 'its operand is' : 'its shortcut';
    const hint = shortcut === undefined ? ': give it a shortcut' : '';
    const text = `its body gives ${shapeText(made.shape)}, ${what} ${shapeText(other.shape)}${hint}`;
    throw new ShapeError('layer', op, text);
  };
  const apply = (x: Tensor): Tensor<D> => {
    requireTensor(op, x);
    return inner.apply([x], () => added(x));
  };
  const copy = (copies: Copies, changes: LayerOptions): Residual<D> => {
    const { options: own, stem: from } = inner.copied(changes);
    const other = shortcut === undefined ? {} : { shortcut: copyOf(shortcut, copies) };
    return residualOf(copyOf(body, copies), { ...own, ...other }, from);
  };
  return equipped<[x: Tensor], Tensor<D>, Pick<Residual<D>, 'body' | 'shortcut'>>(
    inner,
    apply,
    { body: { value: body }, shortcut: { value: shortcut } },
    copy,
  );
}

/** A layer of named parts. */
export interface Composite<Named, Args extends readonly unknown[] = [x: Tensor], Out = Tensor>
  extends Layer<Args, Out> {
  readonly parts: Named;
  clone(options?: LayerOptions): Composite<Named, Args, Out>;
}

/**
 * A layer of one's own, out of named parts: what `body` makes of them and the operands. Parts without a name are called
 * `NAME.KEY`, if it has a name. What `body` declares besides its parts is declared at each application again.
 *
 * ```ts
 * const parts = { up: nn.dense(512, { activation: 'relu' }), down: nn.dense(128) };
 * const mlp = nn.compose(parts, ({ up, down }, x) => down(up(x)), { name: 'mlp' });
 * mlp(x);
 * mlp.parts.up.weight; // mlp.up.weight
 * ```
 *
 * @param body takes the parts, and the operands of the layer: `x` alone, or as many as it names
 * @throws GraphError `operands` where a part is not a function
 */
export function compose<
  Named extends Readonly<Record<string, (...args: never) => unknown>>,
  Args extends unknown[] = [x: Tensor],
  Out = Tensor,
>(
  parts: Named,
  body: (parts: Named, ...args: Args) => Out,
  options: LayerOptions = {},
): Composite<Named, Args, Out> {
  const op = 'compose';
  requireLayerOptions(op, options, []);
  const given: unknown = parts;
  if (typeof given !== 'object' || given === null)
    throw new GraphError('operands', op, `takes parts by name, such as { up, down }, not ${shown(given)}`);
  requireFunctions(op, [...Object.entries(parts), ['what is made of the parts', body]]);
  return composedOf(op, { ...parts }, () => body, options);
}

/** {@link compose} for a layer of the library, whose name errors have, and whose body may ask for that of the layer. */
export function composedOf<Named extends object, Args extends unknown[], Out>(
  op: string,
  parts: Named,
  bodyOf: (own: Inner) => (parts: Named, ...args: Args) => Out,
  options: LayerOptions,
  stem?: string,
): Composite<Named, Args, Out> {
  const inner = new Parts(op, Object.entries(parts), options, stem);
  const apply = (...args: Args): Out => inner.apply(args, () => bodyOf(inner)(parts, ...args));
  const copy = (copies: Copies, changes: LayerOptions): Composite<Named, Args, Out> => {
    const { options: own, stem: from } = inner.copied(changes);
    const entries: [string, object][] = Object.entries(parts);
    const copied = Object.fromEntries(entries.map(([key, part]) => [key, copyOf(part, copies)]));
    if (!hasKeysOf(copied, parts)) throw new TypeError('copies of parts are called as the parts are');
    return composedOf(op, copied, bodyOf, own, from);
  };
  return equipped<Args, Out, { readonly parts: Named }>(inner, apply, { parts: { value: parts } }, copy);
}

/** Whether copies of parts are as many, of the same names: then each is of its part's type. */
function hasKeysOf<Named extends object>(copied: object, parts: Named): copied is Named {
  return Object.keys(parts).every((key) => key in copied);
}

function requireFunctions(op: string, parts: readonly (readonly [key: string, part: unknown])[]): void {
  for (const [key, part] of parts) {
    if (typeof part === 'function') continue;
    const text = `part ${key} is ${shown(part)}: it must be a layer, or another function of tensors`;
    throw new GraphError('operands', op, text);
  }
}
