import { type Axis, childrenOf, type Expr, type Param, subexpressions, type Tensor } from './expr.ts';
import type { Loop, NotedLoop } from './loop.ts';
import type { ScalarOp } from './scalar.ts';
import { type Dim, extentOf } from './size.ts';
import { constantText, infixOperators, nameText } from './token.ts';

export { type ExprScope, parseExpr, parseLoops } from './parse.ts';
export { LoopTextError } from './token.ts';

const UNARY_LEVEL = 7;

/** Names for what has an identity: two tensors (or axes of one loop) of one name are printed apart. */
export interface Naming {
  readonly tensor: (tensor: Tensor) => string;
  readonly axis: (axis: Axis) => string;
  /** Expressions that are printed as `%n`, their definition standing elsewhere. */
  readonly shared: ReadonlyMap<Expr, string>;
}

const plainNames: Naming = {
  tensor: (tensor) => nameText(tensor.name),
  axis: (axis) => nameText(axis.name),
  shared: new Map(),
};

/**
 * An expression as text, `x[rows[i], k] * W1[k, j]`. Parameters are written `$lr`, variables of kernels
 * `@wg:i32`, the parts of an accumulator `r0.1`, the live extent of a size `live(batch<=128)`.
 */
export function printExpr(expr: Expr, naming: Naming = plainNames): string {
  return write(expr, 0, naming);
}

/**
 * Loops as text that parses back to the same: every tensor and parameter is declared first, in order of use, and so
 * is every axis that several loops have. An expression that occurs several times and is not small stands once, as
 * `%n = …`.
 *
 * ```text
 * tensor h: f32[batch<=128, 128] temp
 * loop hidden(i: batch<=128, j: 128) reduce(k: 784):
 *   r0 = sum(x[rows[i], k] * W1[k, j])
 *   h[i, j] = relu(r0.0 + b1[j])
 *   from "hidden = relu(%12)" at "model.ts:12"
 * ```
 */
export function printLoops(loops: readonly Loop[]): string {
  const declared = declare(loops.map((loop) => ({ loop })));
  return [...declared.lines, ...loops.flatMap((loop) => loopLines({ loop }, declared))]
    .map((line) => `${line}\n`)
    .join('');
}

/** The declarations above some loops, and the names that they give. */
export interface Declared {
  readonly lines: readonly string[];
  readonly tensor: Naming['tensor'];
  /** The axes that more than one loop has. */
  readonly axes: ReadonlyMap<Axis, string>;
}

/** Declares what loops name: tensors, the axes that they share, and parameters, each in order of use. */
export function declare(loops: readonly NotedLoop[]): Declared {
  const tensors = new Set<Tensor>();
  const params = new Map<string, Param>();
  const addTensor = (tensor: Tensor): void => {
    if (tensor.over !== undefined) addTensor(tensor.over);
    tensors.add(tensor);
  };
  for (const noted of loops) {
    for (const expr of subexpressions(...rootsOf(noted))) {
      if (expr.kind === 'load') addTensor(expr.tensor);
      if (expr.kind === 'param') params.set(expr.param.name, expr.param);
    }
    for (const { tensor } of [...noted.loop.outs, ...(noted.partials ?? [])]) addTensor(tensor);
  }
  const tensorNames = distinctNames(tensors);
  const tensorName = (tensor: Tensor): string => tensorNames.get(tensor) ?? nameText(tensor.name);
  const axes = distinctNames(sharedAxes(loops.map(({ loop }) => loop)));
  const lines = [
    ...[...tensors].map((tensor) => {
      const over = tensor.over === undefined ? '' : ` over ${tensorName(tensor.over)}`;
      const shape = tensor.shape.map(dimension).join(', ');
      return `tensor ${asNamed(tensorName(tensor), tensor)}: ${tensor.dtype}[${shape}] ${tensor.role}${over}`;
    }),
    ...[...axes].map(([axis, name]) => `axis ${asNamed(name, axis)}: ${axisExtent(axis)}`),
    ...[...params.values()].map(
      (param) =>
        `param ${nameText(param.name)}: ${param.dtype} = ${constantText(param.initial, param.dtype)}`,
    ),
  ];
  return { lines, tensor: tensorName, axes };
}

/** The axes that several of the loops have. */
function sharedAxes(loops: readonly Loop[]): Set<Axis> {
  const [once, shared] = [new Set<Axis>(), new Set<Axis>()];
  for (const loop of loops)
    for (const axis of new Set([...loop.axes, ...loop.reduceAxes]))
      if (once.has(axis)) shared.add(axis);
      else once.add(axis);
  return shared;
}

function rootsOf({ loop, partials = [] }: NotedLoop): Expr[] {
  return [
    ...loop.reductions.map((r) => r.body),
    ...loop.outs.map((o) => o.value),
    ...partials.map((p) => p.body),
  ];
}

/** The lines of one loop, under its declarations. */
export function loopLines(noted: NotedLoop, declared: Declared): string[] {
  const { loop, rows = [], partials = [] } = noted;
  const own = [...loop.axes, ...loop.reduceAxes];
  const outside = own.flatMap((axis) => declared.axes.get(axis) ?? []);
  const names = distinctNames(
    own.filter((axis) => !declared.axes.has(axis)),
    outside,
  );
  const axis = (a: Axis): string => declared.axes.get(a) ?? names.get(a) ?? nameText(a.name);
  const list = (axes: readonly Axis[]): string =>
    axes.map((a) => (declared.axes.has(a) ? axis(a) : `${asNamed(axis(a), a)}: ${axisExtent(a)}`)).join(', ');
  const over = loop.reduceAxes.length > 0 ? ` reduce(${list(loop.reduceAxes)})` : '';
  const along = rows.length > 0 ? ` rows(${rows.map(axis).join(', ')})` : '';
  const { shared, late } = sharedExpressions(rootsOf(noted));
  const { tensor } = declared;
  const naming: Naming = { tensor, axis, shared };
  const definition = (expr: Expr): string => {
    const others = new Map(shared);
    others.delete(expr);
    return `  ${shared.get(expr)} = ${printExpr(expr, { ...naming, shared: others })}`;
  };
  return [
    `loop ${nameText(loop.name)}(${list(loop.axes)})${over}${along}:`,
    ...[...shared.keys()].filter((expr) => !late.has(expr)).map(definition),
    ...loop.reductions.map((r, k) => `  r${k} = ${r.monoid}(${printExpr(r.body, naming)})`),
    ...[...shared.keys()].filter((expr) => late.has(expr)).map(definition),
    ...loop.outs.map(
      (o) => `  ${tensor(o.tensor)}[${o.at.map(axis).join(', ')}] = ${printExpr(o.value, naming)}`,
    ),
    ...partials.map((p) => {
      const at = p.at.length === 0 ? '' : `[${p.at.map(axis).join(', ')}]`;
      return `  partial ${tensor(p.tensor)}${at} = ${p.monoid}(${printExpr(p.body, naming)})`;
    }),
    ...loop.origin.map(
      (o) =>
        `  from ${JSON.stringify(o.node)}${o.source === undefined ? '' : ` at ${JSON.stringify(o.source)}`}`,
    ),
  ];
}

const LARGEST_REPEATED = 7;

/** The expressions of a loop to print once, in order; `late` ones need the accumulators. */
function sharedExpressions(roots: readonly Expr[]): { shared: Map<Expr, string>; late: Set<Expr> } {
  const uses = new Map<Expr, number>();
  const size = new Map<Expr, number>();
  const afterReduction = new Set<Expr>();
  const order = subexpressions(...roots);
  const use = (expr: Expr): void => {
    uses.set(expr, (uses.get(expr) ?? 0) + 1);
  };
  for (const root of roots) use(root);
  for (const expr of order) {
    const children = childrenOf(expr);
    children.forEach(use);
    // capped: the tree of a shared expression may be exponentially large
    size.set(
      expr,
      Math.min(
        1e6,
        children.reduce((n, child) => n + (size.get(child) ?? 0), 1),
      ),
    );
    if (expr.kind === 'acc' || children.some((child) => afterReduction.has(child))) afterReduction.add(expr);
  }
  const shared = new Map<Expr, string>();
  for (const expr of order) {
    if ((uses.get(expr) ?? 0) > 1 && (size.get(expr) ?? 0) > LARGEST_REPEATED) {
      shared.set(expr, `%${shared.size}`);
    }
  }
  return { shared, late: afterReduction };
}

function write(expr: Expr, level: number, naming: Naming): string {
  const shared = naming.shared.get(expr);
  if (shared !== undefined) return shared;
  switch (expr.kind) {
    case 'const':
      return constantText(expr.value, expr.dtype);
    case 'axis':
      return naming.axis(expr.axis);
    case 'live':
      return `live(${dimension({ size: expr.size, factor: 1 })})`;
    case 'param':
      return `$${nameText(expr.param.name)}`;
    case 'acc':
      return `r${expr.reduction}.${expr.part}`;
    case 'var':
      return `@${nameText(expr.name)}:${expr.dtype}`;
    case 'load':
      return `${naming.tensor(expr.tensor)}[${expr.at.map((e) => write(e, 0, naming)).join(', ')}]`;
    case 'apply': {
      const [x, y] = expr.args;
      const infix: { symbol: string; level: number } | undefined = (
        infixOperators as Partial<Record<ScalarOp, { symbol: string; level: number }>>
      )[expr.op];
      if (infix !== undefined && x !== undefined && y !== undefined) {
        const text = `${write(x, infix.level, naming)} ${infix.symbol} ${write(y, infix.level + 1, naming)}`;
        return infix.level < level ? `(${text})` : text;
      }
      // `-(1)` is a negation, `-1` a constant
      if (expr.op === 'neg' && x !== undefined) {
        return x.kind === 'const' ? `-(${write(x, 0, naming)})` : `-${write(x, UNARY_LEVEL, naming)}`;
      }
      if (expr.op === 'not' && x !== undefined) return `!${write(x, UNARY_LEVEL, naming)}`;
      const callee = expr.op === 'cast' ? expr.dtype : expr.op;
      return `${callee}(${expr.args.map((e) => write(e, 0, naming)).join(', ')})`;
    }
    case 'parts':
      return `parts(${expr.items.map((e) => write(e, 0, naming)).join(', ')})`;
    default:
      return expr satisfies never;
  }
}

function dimension(dim: Dim): string {
  if (typeof dim === 'number') return String(dim);
  const factor = dim.factor === 1 ? '' : `${dim.factor}*`;
  return `${factor}${nameText(dim.size.name)}<=${dim.size.max}`;
}

function axisExtent(axis: Axis): string {
  if (axis.live === undefined) return String(axis.extent);
  const live = dimension(axis.live);
  return extentOf(axis.live) === axis.extent ? live : `${axis.extent} live ${live}`;
}

/**
 * A name for each, as text: its own, or where that is taken one with a number.
 *
 * @param used names, as text, that are taken
 */
function distinctNames<T extends { readonly name: string }>(
  things: Iterable<T>,
  used: Iterable<string> = [],
): Map<T, string> {
  const taken = new Set(used);
  const names = new Map<T, string>();
  for (const thing of things) {
    let name = nameText(thing.name);
    for (let n = 1; taken.has(name); n++) name = nameText(`${thing.name}_${n}`);
    taken.add(name);
    names.set(thing, name);
  }
  return names;
}

/** A name with what the thing is called in truth, where that is another. */
function asNamed(name: string, thing: { readonly name: string }): string {
  const own = nameText(thing.name);
  return own === name ? name : `${name} named ${own}`;
}
