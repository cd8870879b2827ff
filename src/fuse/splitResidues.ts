import {
  type Axis,
  axesOver,
  axisRef,
  congruenceOf,
  type Loop,
  leaveOutTerms,
  load,
  loopLoads,
  type Out,
  readThrough,
  residuesOf,
  splitAxis,
  type Tensor,
  type View,
} from '../loops/index.ts';
import type { Decisions } from './decisions.ts';

/**
 * Reductions of which only every s-th term counts, as the input's gradient of a strided convolution has, without the
 * terms that do not: the parallel axis is split into its residues, and every index is affine again. What reads the outputs
 * reads through the split; an output whose shape is fixed is copied.
 */
export function splitResidues(loops: readonly Loop[], decisions: Decisions): Loop[] {
  const views = new Map<Tensor, View>();
  return loops.flatMap((loop) => {
    const read = loopLoads(loop).some(({ tensor }) => views.has(tensor));
    const done = byResidues(read ? readThrough(loop, views) : loop, decisions);
    for (const view of done.views) views.set(view.from, view);
    return done.loops;
  });
}

/** A loop by residues, with the loops that copy its outputs, and how others read it. */
interface Split {
  readonly loops: readonly Loop[];
  readonly views: readonly View[];
}

function byResidues(loop: Loop, decisions: Decisions): Split {
  let current = loop;
  let copies: readonly Loop[] = [];
  const views: View[] = [];
  for (let found = congruenceOf(current); found !== null; found = congruenceOf(current)) {
    const { parallel, reduce, modulus } = found;
    const residues = residuesOf(found);
    if (parallel === null || parallel.axis.extent <= residues) {
      const reason = `one of every ${modulus} of its terms counts along ${reduce.axis.name}`;
      decisions.take('residues', loop, loop, reason);
      current = leaveOutTerms(current, found);
      continue;
    }
    const freed = withFreeShapes(current, parallel.axis);
    const split = splitAxis(freed.loop, parallel.axis, residues);
    const seen = new Map(split.views.map((view) => [view.from, view] as const));
    copies = [...copies, ...freed.copies].map((copy) => readThrough(copy, seen));
    views.push(...split.views);
    current = split.loop;
  }
  return { loops: [current, ...copies], views };
}

/** The loop with temporaries in the place of the outputs along an axis whose shape is fixed, which are copied then. */
function withFreeShapes(loop: Loop, axis: Axis): { readonly loop: Loop; readonly copies: readonly Loop[] } {
  const isFixed = ({ tensor, at }: Out): boolean => tensor.role !== 'temp' && at.includes(axis);
  const copies: Loop[] = [];
  const outs = loop.outs.map((out) => {
    if (!isFixed(out)) return out;
    const { name, dtype, shape } = out.tensor;
    const temp: Tensor = { name: `${name}_residues`, dtype, shape, role: 'temp' };
    copies.push(copyOf(temp, out.tensor, loop));
    return { ...out, tensor: temp };
  });
  return copies.length === 0
    ? { loop, copies }
    : { loop: { ...loop, name: `${loop.name}_residues`, outs }, copies };
}

function copyOf(from: Tensor, to: Tensor, { origin }: Loop): Loop {
  const axes = axesOver(to.shape, 'i');
  const value = load(from, axes.map(axisRef));
  const outs = [{ tensor: to, at: axes, value }];
  return { name: to.name, axes, reduceAxes: [], reductions: [], outs, origin: origin.slice(-1) };
}
