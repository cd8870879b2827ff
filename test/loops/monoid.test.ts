import { describe, expect, it } from 'vitest';
import {
  type Axis,
  axisRef,
  constant,
  type Dtype,
  type Expr,
  int,
  interpretLoops,
  type Monoid,
  monoidDef,
  monoids,
  type Tensor,
} from '../../src/loops/index.ts';

/** The values of expressions without axes. */
function valuesOf(exprs: readonly Expr[]): number[] {
  return exprs.map((value) => {
    const tensor: Tensor = { name: 'value', shape: [], dtype: value.dtype, role: 'result' };
    const memory = new Map<Tensor, Float64Array>();
    const outs = [{ tensor, at: [], value }];
    const loop = { name: 'value', axes: [], reduceAxes: [], reductions: [], outs, origin: [] };
    interpretLoops([loop], memory);
    return memory.get(tensor)?.[0] ?? Number.NaN;
  });
}

const elements: Readonly<Record<string, readonly number[]>> = {
  f32: [0, 1.5, -3, Infinity, -Infinity, Number.NaN],
  i32: [0, 7, -7, 2147483647, -2147483648],
  u32: [0, 7, 4294967295],
};

describe.each(Object.keys(monoids) as Monoid[])('the neutral tuple of %s', (monoid) => {
  const { identity, lift, combine, results } = monoidDef(monoid);
  const floats = monoid === 'logSumExp' || monoid === 'moments';

  it.each(floats ? ['f32'] : ['f32', 'i32', 'u32'])('changes nothing on either side of %s', (name) => {
    const dtype = name as Dtype;
    // what is not finite leaves no mean and no variance
    const own = (elements[name] ?? []).filter((x) => monoid !== 'moments' || Number.isFinite(x));
    for (const element of own) {
      for (const index of [0, 5, 2147483646]) {
        const one = lift(constant(element, dtype), int(index));
        const read = (parts: readonly Expr[]): number[] =>
          valuesOf(Object.values(results).map((result) => result(parts)));
        expect([element, index, ...read(combine(identity(dtype), one))]).toEqual([
          element,
          index,
          ...read(one),
        ]);
        expect([element, index, ...read(combine(one, identity(dtype)))]).toEqual([
          element,
          index,
          ...read(one),
        ]);
      }
    }
  });
});

it.each(['argmax', 'argmin'] as const)('%s of nothing is at an index that no element has', (monoid) => {
  const axis: Axis = { name: 'k', extent: 4, live: { size: { name: 'rows', max: 4 }, factor: 1 } };
  const tensor: Tensor = { name: 'at', shape: [], dtype: 'i32', role: 'result' };
  const reductions = [{ monoid, body: axisRef(axis) }];
  const value: Expr = { kind: 'acc', reduction: 0, part: 1, dtype: 'i32' };
  const outs = [{ tensor, at: [], value }];
  const memory = new Map<Tensor, Float64Array>();
  const loop = { name: 'at', axes: [], reduceAxes: [axis], reductions, outs, origin: [] };
  interpretLoops([loop], memory, { live: { rows: 0 } });
  expect(memory.get(tensor)).toEqual(Float64Array.of(2147483647));
});
