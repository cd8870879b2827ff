import { type Axis, childrenOf, type Expr, type Param, subexpressions, type Tensor } from './expr.ts';
import type { Loop } from './loop.ts';
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
 * Loops as text that parses back to the same: every tensor and parameter is declared first, in order of use.
 * An expression that occurs several times and is not small stands once, as `%n = …`.
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
  const tensors = new Set<Tensor>();
  const params = new Map<string, Param>();
  const addTensor = (tensor: Tensor): void => {
    if (tensor.over !== undefined) addTensor(tensor.over);
    tensors.add(tensor);
  };
  for (const loop of loops) {
    for (const expr of subexpressions(...rootsOf(loop))) {
      if (expr.kind === 'load') addTensor(expr.tensor);
      if (expr.kind === 'param') params.set(expr.param.name, expr.param);
    }
    for (const out of loop.outs) addTensor(out.tensor);
  }
  const tensorNames = distinctNames([...tensors]);
  const tensorName = (tensor: Tensor): string => tensorNames.get(tensor) ?? nameText(tensor.name);
  const lines: string[] = [];
  for (const tensor of tensors) {
    const over = tensor.over === undefined ? '' : ` over ${tensorName(tensor.over)}`;
    const shape = tensor.shape.map(dimension).join(', ');
    lines.push(`tensor ${tensorName(tensor)}: ${tensor.dtype}[${shape}] ${tensor.role}${over}`);
  }
  for (const param of params.values()) {
    lines.push(`param ${nameText(param.name)}: ${param.dtype} = ${constantText(param.initial, param.dtype)}`);
  }
  for (const loop of loops) lines.push(...loopLines(loop, tensorName));
  return lines.map((line) => `${line}\n`).join('');
}

function rootsOf(loop: Loop): Expr[] {
  return [...loop.reductions.map((r) => r.body), ...loop.outs.map((o) => o.value)];
}

function loopLines(loop: Loop, tensor: Naming['tensor']): string[] {
  const names = distinctNames([...loop.axes, ...loop.reduceAxes]);
  const axis = (a: Axis): string => names.get(a) ?? nameText(a.name);
  const list = (axes: readonly Axis[]): string => axes.map((a) => `${axis(a)}: ${axisExtent(a)}`).join(', ');
  const kind = loop.scan ? 'scan' : 'reduce';
  const over = loop.scan || loop.reduceAxes.length > 0 ? ` ${kind}(${list(loop.reduceAxes)})` : '';
  const { shared, late } = sharedExpressions(loop);
  const naming: Naming = { tensor, axis, shared };
  const definition = (expr: Expr): string => {
    const others = new Map(shared);
    others.delete(expr);
    return `  ${shared.get(expr)} = ${printExpr(expr, { ...naming, shared: others })}`;
  };
  return [
    `loop ${nameText(loop.name)}(${list(loop.axes)})${over}:`,
    ...[...shared.keys()].filter((expr) => !late.has(expr)).map(definition),
    ...loop.reductions.map((r, k) => `  r${k} = ${r.monoid}(${printExpr(r.body, naming)})`),
    ...[...shared.keys()].filter((expr) => late.has(expr)).map(definition),
    ...loop.outs.map(
      (o) => `  ${tensor(o.tensor)}[${o.at.map(axis).join(', ')}] = ${printExpr(o.value, naming)}`,
    ),
    ...loop.origin.map(
      (o) =>
        `  from ${JSON.stringify(o.node)}${o.source === undefined ? '' : ` at ${JSON.stringify(o.source)}`}`,
    ),
  ];
}

const LARGEST_REPEATED = 7;

/** The expressions of a loop to print once, in order; `late` ones need the accumulators. */
function sharedExpressions(loop: Loop): { shared: Map<Expr, string>; late: Set<Expr> } {
  const roots = rootsOf(loop);
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

function distinctNames<T extends { readonly name: string }>(things: readonly T[]): Map<T, string> {
  const taken = new Set<string>();
  const names = new Map<T, string>();
  for (const thing of things) {
    let name = thing.name;
    for (let n = 1; taken.has(name); n++) name = `${thing.name}_${n}`;
    taken.add(name);
    names.set(thing, nameText(name));
  }
  return names;
}
