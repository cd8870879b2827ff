import { findIndexFault } from './bounds.ts';
import { loadedDtype } from './dtype.ts';
import { type Axis, type Expr, subexpressions, type Tensor } from './expr.ts';
import { accumulators, type Loop, loopLoads, type Out, type Reduction } from './loop.ts';
import { monoidDef, type monoids } from './monoid.ts';
import { extentOf } from './size.ts';
import { printExpr } from './text.ts';
import { isValueOf, typeIssue } from './typing.ts';

/** A rule of the loop language. */
export type LoopRule = 'types' | 'axes' | 'accumulators' | 'outputs' | 'reductions' | 'order' | 'bounds';

/** Loops that break a rule of the language: an error of the compiler, not of its user. */
export class LoopError extends Error {
  /** The loop's name. */
  readonly loop: string;
  readonly rule: LoopRule;

  constructor(loop: Loop, rule: LoopRule, message: string) {
    const [origin] = loop.origin;
    const source = origin?.source === undefined ? '' : `  at ${origin.source}`;
    super(`loop ${loop.name}: ${message} (${rule})${source}`);
    this.name = 'LoopError';
    this.loop = loop.name;
    this.rule = rule;
  }
}

/**
 * Throws LoopError unless the loops are well-formed, in an order that runs: expressions are typed; every axis
 * and accumulator in use exists; outputs fit their tensors and no tensor is written twice; what a step makes
 * is read after it was written; and no load leaves its tensor, as far as intervals and corners can tell.
 *
 * @param given tensors of the step that something else writes
 */
export function verifyLoops(loops: readonly Loop[], given: Iterable<Tensor> = []): void {
  const written = new Set(given);
  for (const loop of loops) {
    verifyLoop(loop);
    for (const { tensor } of loopLoads(loop)) {
      const made = tensor.role === 'temp' || tensor.role === 'next' || tensor.role === 'result';
      if (made && !written.has(tensor)) {
        throw new LoopError(loop, 'order', `reads ${tensor.name}, which no earlier loop writes`);
      }
    }
    for (const { tensor } of loop.outs) {
      if (written.has(tensor)) throw new LoopError(loop, 'outputs', `writes ${tensor.name} a second time`);
      written.add(tensor);
    }
  }
}

// Loops are immutable: one that was found well-formed after one pass is so after the next.
const wellFormed = new WeakSet<Loop>();

/** What can be said of one loop, whatever comes before it. */
function verifyLoop(loop: Loop): void {
  if (wellFormed.has(loop)) return;
  verifyAxes(loop);
  for (const reduction of loop.reductions) {
    const exprs = subexpressions(reduction.body);
    verifyTypes(loop, reduction.body.kind === 'parts' ? exprs.slice(0, -1) : exprs, false);
    verifyUse(loop, exprs, [...loop.axes, ...loop.reduceAxes], 'the body of a reduction');
    verifyElement(loop, reduction.monoid, reduction.body);
    verifyParts(loop, reduction);
  }
  for (const out of loop.outs) verifyOut(loop, out);
  for (const { tensor } of loopLoads(loop)) {
    if (tensor.role === 'workgroup' || tensor.role === 'private') {
      throw new LoopError(loop, 'order', `reads ${tensor.name}, an array of a kernel`);
    }
  }
  for (const { tensor } of loop.outs) {
    if (tensor.role !== 'temp' && tensor.role !== 'next' && tensor.role !== 'result') {
      throw new LoopError(loop, 'outputs', `writes ${tensor.name}, a tensor of role ${tensor.role}`);
    }
  }
  const fault = findIndexFault([...loop.reductions.map((r) => r.body), ...loop.outs.map((o) => o.value)]);
  if (fault !== undefined) throw new LoopError(loop, 'bounds', fault.message);
  wellFormed.add(loop);
}

function verifyAxes(loop: Loop): void {
  const all = [...loop.axes, ...loop.reduceAxes];
  for (const axis of all) {
    if (!Number.isInteger(axis.extent) || axis.extent < 0) {
      throw new LoopError(loop, 'axes', `axis ${axis.name} has the extent ${axis.extent}`);
    }
  }
  if (new Set(all).size !== all.length) throw new LoopError(loop, 'axes', 'an axis is listed twice');
  if (loop.outs.length === 0) throw new LoopError(loop, 'outputs', 'has no output');
  if (loop.reductions.length === 0 && loop.reduceAxes.length > 0) {
    throw new LoopError(loop, 'reductions', 'has reduction axes, but reduces nothing');
  }
}

function verifyOut(loop: Loop, out: Out): void {
  const { tensor, at, value } = out;
  const fail = (rule: LoopRule, message: string): never => {
    throw new LoopError(loop, rule, `output ${tensor.name} ${message}`);
  };
  if (at.length !== tensor.shape.length)
    fail('outputs', `has ${at.length} axes for ${tensor.shape.length} dimensions`);
  for (const [d, axis] of at.entries()) {
    const dim = tensor.shape[d];
    if (!loop.axes.includes(axis))
      fail('axes', `lies at ${axis.name}, which is no parallel axis of the loop`);
    if (at.indexOf(axis) !== d) fail('outputs', `lies at ${axis.name} twice`);
    if (dim === undefined || extentOf(dim) !== axis.extent) {
      const extent = dim === undefined ? 'none' : extentOf(dim);
      fail('outputs', `has the extent ${extent} in dimension ${d}, and its axis ${axis.name} ${axis.extent}`);
    }
  }
  const exprs = subexpressions(value);
  verifyTypes(loop, exprs, true);
  if (tensor.dtype === 'u8') fail('types', 'is u8, which cannot be stored');
  if (value.dtype !== tensor.dtype) fail('types', `is ${tensor.dtype}, and its value ${value.dtype}`);
  verifyUse(loop, exprs, at, `output ${tensor.name}`);
  for (const expr of exprs) {
    const body = expr.kind === 'acc' ? loop.reductions[expr.reduction]?.body : undefined;
    if (body !== undefined)
      verifyUse(loop, subexpressions(body), [...at, ...loop.reduceAxes], `an accumulator of ${tensor.name}`);
  }
}

function verifyUse(loop: Loop, exprs: readonly Expr[], allowed: readonly Axis[], what: string): void {
  for (const expr of exprs) {
    if (expr.kind === 'axis' && !allowed.includes(expr.axis)) {
      const names = allowed.map((a) => a.name).join(', ') || 'none';
      throw new LoopError(loop, 'axes', `${what} uses axis ${expr.axis.name}; it may use ${names}`);
    }
  }
}

/** A body of parts has as many as the monoid, each of its type; a monoid of one part has elements alone. */
function verifyParts(loop: Loop, { monoid, body }: Reduction): void {
  if (body.kind !== 'parts') return;
  const types = monoidDef(monoid).parts(body.dtype);
  const found = body.items.map((item) => item.dtype);
  if (types.length > 1 && types.join() === found.join()) return;
  const needed = types.length > 1 ? `has parts of ${types.join(', ')}` : 'has one part, an element';
  throw new LoopError(
    loop,
    'types',
    `${monoid} of ${body.dtype} ${needed}; its body is of ${found.join(', ')}`,
  );
}

function verifyElement(loop: Loop, monoid: keyof typeof monoids, body: Expr): void {
  const floatsOnly = monoid === 'logSumExp' || monoid === 'moments';
  const numbers = ['f32', 'i32', 'u32'];
  if (floatsOnly ? body.dtype !== 'f32' : !numbers.includes(body.dtype)) {
    throw new LoopError(loop, 'types', `${monoid} of ${body.dtype}`);
  }
}

function verifyTypes(loop: Loop, exprs: readonly Expr[], isOutput: boolean): void {
  for (const expr of exprs) {
    const fail = (rule: LoopRule, message: string): never => {
      throw new LoopError(loop, rule, `${printExpr(expr)}: ${message}`);
    };
    switch (expr.kind) {
      case 'const':
        if (!isValueOf(expr.value, expr.dtype)) fail('types', `${expr.value} is no ${expr.dtype}`);
        break;
      case 'acc': {
        if (!isOutput) fail('accumulators', 'an accumulator is read before its reduction is done');
        const parts =
          loop.reductions[expr.reduction] === undefined ? [] : accumulators(loop.reductions, expr.reduction);
        const part = parts[expr.part];
        if (part === undefined) fail('accumulators', 'the loop has no such accumulator');
        else if (part.dtype !== expr.dtype) fail('types', `it is ${part.dtype}, read as ${expr.dtype}`);
        break;
      }
      case 'var':
        fail('types', 'a variable of a kernel');
        break;
      case 'parts':
        fail('types', 'parts of a reduction stand alone as its body');
        break;
      case 'load':
        if (expr.at.length !== expr.tensor.shape.length) {
          fail('types', `${expr.at.length} indices for ${expr.tensor.shape.length} dimensions`);
        }
        if (expr.at.some((index) => index.dtype !== 'i32')) fail('types', 'an index is not i32');
        if (expr.dtype !== loadedDtype(expr.tensor.dtype)) {
          fail('types', `an element of ${expr.tensor.dtype}, typed ${expr.dtype}`);
        }
        break;
      case 'apply': {
        const wrong = typeIssue(expr);
        if (wrong !== undefined) fail('types', wrong.text);
        break;
      }
      case 'axis':
      case 'live':
      case 'param':
        break;
      default:
        expr satisfies never;
    }
  }
}
