import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kernelOf } from '../../src/kernels/build/packed.ts';
import { interpretKernel } from '../../src/kernels/interpret.ts';
import { orderEvaluation } from '../../src/kernels/orderEvaluation.ts';
import { verifyKernel } from '../../src/kernels/verifyKernel.ts';
import {
  type Axis,
  apply,
  axisRef,
  extentOf,
  int,
  type Loop,
  listed,
  listingLoop,
  listingOf,
  load,
  NO_POSITION,
  type Tensor,
  termsOf,
  walkOf,
} from '../../src/loops/index.ts';
import { interpretLoops } from '../../src/loops/interpret.ts';
import { parseLoops, printLoops } from '../../src/loops/text.ts';
import { verifyLoops } from '../../src/loops/verify.ts';
import { type Machine, machines, machineWith } from '../../src/machine/index.ts';
import { singleton } from '../../src/schedule/group.ts';

interface Case {
  readonly loops: readonly Loop[];
  readonly indices: Tensor;
  readonly values: Tensor;
  readonly sums: Tensor;
}

/** Lists of `places` keys among `rows`, and sums of values by row, which walk them. @param live how many are alive, by a size */
function listsOf(rows: number, places: number, live?: Axis['live']): Case {
  const position: Axis = { name: 'p', extent: places, ...(live === undefined ? {} : { live }) };
  const row: Axis = { name: 'r', extent: rows };
  const indices: Tensor = { name: 'indices', shape: [places], dtype: 'i32', role: 'input' };
  const values: Tensor = { name: 'values', shape: [places], dtype: 'f32', role: 'input' };
  const sums: Tensor = { name: 'sums', shape: [rows], dtype: 'f32', role: 'result' };
  const key = load(indices, [axisRef(position)]);
  const { loop, lists } = listingLoop('lists', { key, position, rows }, []);
  const guard = listed(apply('eq', key, axisRef(row)), axisRef(row), axisRef(position), lists);
  const zero = { kind: 'const', value: 0, dtype: 'f32' } as const;
  const body = apply('select', guard, load(values, [axisRef(position)]), zero);
  const sum: Loop = {
    name: 'sums',
    axes: [row],
    reduceAxes: [position],
    reductions: [{ monoid: 'sum', body }],
    outs: [{ tensor: sums, at: [row], value: { kind: 'acc', reduction: 0, part: 0, dtype: 'f32' } }],
    origin: [],
  };
  return { loops: [loop, sum], indices, values, sums };
}

/** What plain loops make, every position looked at for every row. */
function plainly({ loops, indices, values }: Case, keys: readonly number[]): Map<Tensor, Float64Array> {
  const memory = new Map([
    [indices, Float64Array.from(keys)],
    [values, Float64Array.from(keys, (_, k) => (k % 11) - 5)],
  ]);
  interpretLoops(loops, memory);
  return memory;
}

/** The positions of each row, as lists have them. */
function walked([listing]: readonly Loop[], memory: ReadonlyMap<Tensor, Float64Array>): number[][] {
  const [first, count, next] = (listing?.outs ?? []).map(({ tensor }) => memory.get(tensor) ?? []);
  return Array.from(first ?? [], (start, row) => {
    const places: number[] = [];
    for (let p = start; places.length < (count?.[row] ?? 0); p = next?.[p] ?? NO_POSITION) places.push(p);
    return places;
  });
}

const drawn = fc.integer({ min: 2, max: 40 }).chain((rows) =>
  fc.record({
    rows: fc.constant(rows),
    // Some are no row.
    keys: fc.array(fc.integer({ min: -2, max: rows + 1 }), { minLength: 1, maxLength: 90 }),
  }),
);

describe('the lists of a key', () => {
  it('hold the positions of each row, in their order', () => {
    fc.assert(
      fc.property(drawn, ({ rows, keys }) => {
        const some = listsOf(rows, keys.length);
        const expected = Array.from({ length: rows }, (_, row) =>
          keys.flatMap((key, place) => (key === row ? [place] : [])),
        );
        expect(walked(some.loops, plainly(some, keys))).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('are recognised by their shape, and so is what walks them, in their text too', () => {
    const { loops } = listsOf(7, 20);
    verifyLoops(loops);
    const text = printLoops(loops);
    const [listing, sums] = parseLoops(text);
    expect(printLoops(parseLoops(text))).toBe(text);
    expect(text).toMatchInlineSnapshot(`
      "tensor indices: i32[20] input
      tensor lists_first: i32[7] temp
      tensor lists_count: i32[7] temp
      tensor lists_next: i32[20] temp
      tensor values: f32[20] input
      tensor sums: f32[7] result
      axis p: 20
      loop lists(row: 7, other: 20) reduce(p):
        r0 = min(select(indices[p] == row, p, 2147483647))
        r1 = sum(select(indices[p] == row, 1, 0))
        r2 = min(select(other < p && (0 <= indices[other] && indices[other] < 7) && indices[p] == indices[other], p, 2147483647))
        lists_first[row] = r0.0
        lists_count[row] = r1.0
        lists_next[other] = r2.0
      loop sums(r: 7) reduce(p):
        r0 = sum(select(listed(indices[p] == r, lists_first[r], lists_count[r], lists_next[p]), values[p], 0.0))
        sums[r] = r0.0
      "
    `);
    expect([listing, sums].map((loop) => loop && listingOf(loop)?.rows)).toEqual([7, undefined]);
    expect([listing, sums].map((loop) => loop && walkOf(loop)?.terms)).toEqual([undefined, 20 / 7]);
    expect([listing, sums].map((loop) => loop && termsOf(loop))).toEqual([20, 20 / 7]);
  });

  it('are not taken for lists where anything differs', () => {
    const [listing] = listsOf(7, 20).loops;
    if (listing === undefined) throw new RangeError('no loop');
    const [first, count, next] = listing.reductions;
    if (first === undefined || count === undefined || next === undefined)
      throw new RangeError('no reduction');
    const zero = int(0);
    for (const reductions of [
      [next, count, first],
      [first, { ...count, monoid: 'max' as const }, next],
      [{ ...first, body: zero }, count, next],
      [first, count, { ...next, body: zero }],
    ])
      expect(listingOf({ ...listing, reductions })).toBeNull();
    expect(listingOf({ ...listing, axes: [...listing.axes].reverse() })).toBeNull();
  });
});

const smallest: readonly Machine[] = [
  machineWith(machines.webgpu, { workgroup: 32 }),
  machines.webgpu,
  machines['webgpu-software'],
];

describe.each(smallest)('on $name with workgroups of $workgroup', (machine) => {
  it('kernels make the lists, and walk them, as plain loops say', () => {
    fc.assert(
      fc.property(drawn, ({ rows, keys }) => {
        const some = listsOf(rows, keys.length);
        const expected = plainly(some, keys);
        const memory = new Map(expected);
        for (const loop of some.loops)
          for (const { tensor } of loop.outs)
            memory.set(tensor, new Float64Array(expected.get(tensor)?.length ?? 0).fill(Number.NaN));
        for (const loop of some.loops) {
          const { kernel } = kernelOf({ groups: [singleton(loop)] }, machine, loop.name);
          verifyKernel(kernel, machine);
          const evaluated = orderEvaluation(kernel);
          verifyKernel(evaluated, machine);
          interpretKernel(evaluated, memory);
          for (const { tensor } of loop.outs) expect(memory.get(tensor)).toEqual(expected.get(tensor));
        }
      }),
      { numRuns: 8 },
    );
  });

  it('kernels look at the positions that are alive, a workgroup of them at a time, and at no others', () => {
    const [rows, places] = [9, 10 * machine.workgroup - 3];
    const { loops, indices } = listsOf(rows, places, { size: { name: 'batch', max: places }, factor: 1 });
    const [listing] = loops;
    const [, , next] = listing?.outs ?? [];
    if (listing === undefined || next === undefined) throw new RangeError('no lists');
    const keys = Array.from({ length: places }, (_, k) => (k * 5) % (rows + 2));
    const { kernel } = kernelOf({ groups: [singleton(listing)] }, machine, listing.name);
    verifyKernel(kernel, machine);
    const evaluated = orderEvaluation(kernel);
    verifyKernel(evaluated, machine);
    for (const batch of [0, 1, machine.workgroup, machine.workgroup + 1, places]) {
      const memory = new Map([[indices, Float64Array.from(keys)]]);
      for (const { tensor } of listing.outs)
        memory.set(
          tensor,
          new Float64Array(tensor.shape.reduce<number>((n, dim) => n * extentOf(dim), 1)).fill(Number.NaN),
        );
      interpretKernel(evaluated, memory, { live: { batch } });
      const alive = keys.slice(0, batch);
      const expected = Array.from({ length: rows }, (_, row) =>
        alive.flatMap((key, place) => (key === row ? [place] : [])),
      );
      expect(walked(loops, memory)).toEqual(expected);
      const written = memory.get(next.tensor)?.filter((value) => !Number.isNaN(value)).length;
      const each = machine.features.has('barriers') ? machine.workgroup : 1;
      expect(written).toBe(Math.min(places, each * Math.ceil(batch / each)));
    }
  });
});
