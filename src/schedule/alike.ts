import { tensorsRead } from '../loops/edges.ts';
import { type Axis, type Expr, extentOf, type Loop, subexpressions, type Tensor } from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import type { Machine } from '../machine/index.ts';
import type { Group } from './group.ts';

/** Loops that are one another's equals, except for names: the steps of a recurrence that was unrolled, layers of one width. */
export interface Alike {
  /** No other loop of the same machine that is not its equal has it. */
  readonly number: number;
  /** The one that was met first. */
  readonly loop: Loop;
  /** The tensors that it reads, then those that it writes: those of an equal come in the same order. */
  readonly tensors: readonly Tensor[];
}

/**
 * The loop in whose place another one may be counted and timed: equal in its axes, its expressions, and the shapes and types
 * of its tensors. Equal by what it is, and not by a hash of it.
 *
 * @param machine for which they are: what is known lives as long as it
 */
export function alike(loop: Loop, machine: Machine): Alike {
  return classesFor(machine)(loop);
}

const classesFor = memoized((_: Machine) => {
  const classes = new Map<string, Alike>();
  return memoized((loop: Loop): Alike => {
    const text = textOf(loop);
    const known = classes.get(text);
    if (known !== undefined) return known;
    const own: Loop = { ...loop, origin: [] };
    const made = { number: classes.size, loop: own, tensors: tensorsOf(own) };
    classes.set(text, made);
    return made;
  });
});

/** The tensors that a loop reads, then those that it writes. */
export function tensorsOf(loop: Loop): Tensor[] {
  return [...tensorsRead(loop), ...loop.outs.map((out) => out.tensor)];
}

const namedBy = memoized(tensorsOf);

/**
 * What a group is, except names: groups of one text have one best schedule, and take the same time with it. Its loops by what
 * they are alike to, its tensors and axes by when they come first. Null for one on which others count already.
 */
export function groupText(
  { loops, prologue, rows, locals, partials, schedule }: Group,
  machine: Machine,
): string | null {
  if (partials.length > 0 || schedule !== undefined) return null;
  const numbers = new Map<Tensor | Axis, number>();
  const tensorText = (tensor: Tensor): string => {
    const known = numbers.get(tensor);
    if (known !== undefined) return `${known}`;
    numbers.set(tensor, numbers.size);
    const sizes = tensor.shape.map((dim) =>
      typeof dim === 'number' ? dim : `${dim.size.name}*${dim.factor}`,
    );
    const over = tensor.over === undefined ? '' : `!${tensorText(tensor.over)}`;
    return `${tensor.role}[${sizes.join()}]${over}`;
  };
  const axisNumber = (axis: Axis): number => {
    const known = numbers.get(axis) ?? numbers.size;
    numbers.set(axis, known);
    return known;
  };
  const loopText = (loop: Loop): string => {
    let text = `${alike(loop, machine).number}`;
    for (const tensor of namedBy(loop)) text += `,${tensorText(tensor)}`;
    for (const axis of loop.axes) text += `,${axisNumber(axis)}`;
    for (const axis of loop.reduceAxes) text += `,${axisNumber(axis)}`;
    return text;
  };
  return [
    prologue.map(loopText).join(' '),
    loops.map(loopText).join(' '),
    rows.map((axes) => axes.map(axisNumber).join()).join(';'),
    locals.map(tensorText).join(),
  ].join('|');
}

/** All of a loop but names: axes and tensors by when they come first, each distinct expression once. */
function textOf(loop: Loop): string {
  const axes = new Map<Axis, number>();
  const tensors = new Map<Tensor, number>();
  let text = '';
  for (const axis of [...loop.axes, ...loop.reduceAxes]) {
    axes.set(axis, axes.size);
    text += `${axis.extent}${axis.live === undefined ? '' : `:${axis.live.size.name}:${axis.live.factor}`},`;
  }
  text += `${loop.axes.length};`;
  const tensorText = (tensor: Tensor): string => {
    const known = tensors.get(tensor);
    if (known !== undefined) return `t${known}`;
    tensors.set(tensor, tensors.size);
    return `${tensor.dtype}[${tensor.shape.map(extentOf).join()}]`;
  };
  const numbers = new Map<Expr, number>();
  const numberOf = (expr: Expr): string => `${numbers.get(expr)}`;
  for (const expr of subexpressions(
    ...loop.reductions.map((r) => r.body),
    ...loop.outs.map((o) => o.value),
  )) {
    numbers.set(expr, numbers.size);
    switch (expr.kind) {
      case 'const':
        text += `c${Object.is(expr.value, -0) ? '-0' : expr.value}${expr.dtype}`;
        break;
      case 'axis':
        text += `x${axes.get(expr.axis) ?? expr.axis.name}`;
        break;
      case 'live':
        text += `l${expr.size.name}`;
        break;
      case 'param':
        text += `p${expr.param.dtype}`;
        break;
      case 'acc':
        text += `a${expr.reduction}.${expr.part}`;
        break;
      case 'var':
        text += `v${expr.name}`;
        break;
      case 'load':
        text += `${tensorText(expr.tensor)}(${expr.at.map(numberOf).join()})`;
        break;
      case 'apply':
        text += `${expr.op}${expr.dtype}(${expr.args.map(numberOf).join()})`;
        break;
      case 'parts':
        text += `(${expr.items.map(numberOf).join()})`;
        break;
      default:
        return expr satisfies never;
    }
    text += ' ';
  }
  for (const { monoid, body } of loop.reductions) text += `${monoid}${numberOf(body)};`;
  for (const { tensor, at, value } of loop.outs) {
    const over = tensor.over === undefined ? undefined : tensors.get(tensor.over);
    const places = at.map((axis) => axes.get(axis) ?? axis.name).join();
    text += `${tensorText(tensor)}${over === undefined ? '' : `!${over}`}{${places}}${numberOf(value)};`;
  }
  return text;
}
