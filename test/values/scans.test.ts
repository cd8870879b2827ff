import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule, type Tensor } from '../../src/graph/index.ts';
import { LARGEST_FLOAT } from '../../src/loops/index.ts';
import { machines } from '../../src/machine/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { gradientOf, runRows as run } from './rows.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

const [INF, NAN] = [Infinity, Number.NaN];

const targets: readonly Target[] = [reference, wasm(1), wgsl('webgpu-software')];

describe.each(targets)('on $name', (target) => {
  it('scans have the values and gradients of PyTorch for zeros, ties, infinities and NaN', async () => {
    const rows = {
      factors: [2, 0, 3, 0, -1],
      factor: [2, 0, 3, -1],
      ties: [1, -INF, 1, 0, 2, 2, -INF],
      nan: [1, NAN, 3, INF, NAN, -INF],
      logs: [-INF, -INF, 1, -INF, 2],
      infinite: [1, -INF, INF, 1],
      far: [200, -300, 200],
      least: [-INF, -LARGEST_FLOAT, -LARGEST_FLOAT, -LARGEST_FLOAT],
    };
    const found = await run(target, rows, (x) => {
      const of = (name: keyof typeof rows): Tensor => {
        const tensor = x[name];
        if (tensor === undefined) throw new RangeError(`no row ${name}`);
        return tensor;
      };
      const [ties, nan, factors, factor] = [of('ties'), of('nan'), of('factors'), of('factor')];
      const once = gradientOf(factor.cumprod(0), factor);
      const values = {
        maxIndex: ties.cumargmax(0),
        maxOfNaN: nan.cummax(0),
        nanIndex: nan.cumargmax(0),
        logs: of('logs').logCumSumExp(0),
        least: of('least').logCumSumExp(0).div(LARGEST_FLOAT),
        minGradient: gradientOf(ties.cummin(0), ties),
      };
      // The rest is made of the same pieces, which random graphs compare on every target.
      if (target !== reference) return values;
      return {
        ...values,
        products: gradientOf(factors.cumprod(0), factors),
        product: once,
        twice: gradients(once.square().sum(), [factor])[0] ?? factor,
        max: ties.cummax(0),
        maxGradient: gradientOf(ties.cummax(0), ties),
        min: ties.cummin(0),
        minIndex: ties.cumargmin(0),
        sumOfNaN: nan.cumsum(0),
        back: nan.cumargmin(0, { reverse: true }),
        infinite: of('infinite').logCumSumExp(0),
        far: of('far').logCumSumExp(0).sub(200).mul(1e4).round(),
        logGradient: gradientOf(of('logs').logCumSumExp(0), of('logs')).mul(1e3).round(),
        leastGradient: gradientOf(of('least').logCumSumExp(0), of('least')),
        none: of('logs').logCumSumExp(0, { exclusive: true }).select(0, 0),
      };
    });
    const wanted = {
      maxIndex: [0, 0, 2, 2, 4, 5, 5],
      minGradient: [1, 20, 0, 0, 0, 0, 7],
      maxOfNaN: [1, NAN, NAN, NAN, NAN, NAN],
      nanIndex: [0, 1, 1, 1, 4, 4],
      logs: [-INF, -INF, 1, 1, 2.3133],
      least: [-INF, -1, -1, -1],
    };
    const wantedOfReference = {
      products: [1, 22, 0, 0, 0],
      product: [1, -2, 0, 0],
      twice: [4, -2, 8, -96],
      max: [1, 1, 1, 1, 2, 2, 2],
      maxGradient: [3, 0, 7, 0, 5, 13, 0],
      min: [1, -INF, -INF, -INF, -INF, -INF, -INF],
      minIndex: [0, 1, 1, 1, 1, 1, 6],
      sumOfNaN: [1, NAN, NAN, NAN, NAN, NAN],
      back: [1, 1, 4, 4, 4, 5],
      infinite: [1, 1, INF, INF],
      far: [0, 0, 6931],
      logGradient: [0, 0, 8345, 0, 3655],
      none: [-INF],
      // Beside the least float the logarithm of how many there are is lost.
      leastGradient: [0, 9, 7, 4],
    };
    const rounded = (row: readonly number[] = []): number[] => row.map((y) => Math.round(y * 1e4) / 1e4);
    const [logs, least] = [rounded(found.logs), rounded(found.least)];
    const all = { ...found, logs, least };
    if (target !== reference) expect(all).toEqual(wanted);
    else {
      const leastGradient = rounded(found.leastGradient);
      expect({ ...all, leastGradient }).toEqual({ ...wanted, ...wantedOfReference });
    }
  });

  it('live elements alone count, also from the end', async () => {
    const live = [3, 1, 4, 1, 5];
    const found = await run(
      target,
      { live },
      ({ live: x }) => {
        if (x === undefined) return {};
        return {
          sums: x.cumsum(0),
          before: x.cast('i32').cumprod(0, { exclusive: true, reverse: true }),
          index: x.cumargmax(0, { reverse: true }),
          gradient: gradientOf(x.cummax(0, { reverse: true }), x),
        };
      },
      { rows: 5 },
    );
    expect(found).toEqual({
      sums: [3, 4, 8, 9, 14],
      before: [20, 20, 5, 5, 1],
      index: [4, 4, 4, 4, 4],
      gradient: [0, 0, 0, 0, 15],
    });
  });

  it('what blocks carry on is exact, infinities and indices too', async () => {
    const long = Array.from({ length: 300 }, (_, k) => ((k * 37) % 101) - 50);
    const found = await run(target, { long: long.with(120, INF).with(250, -INF) }, ({ long: x }) => {
      if (x === undefined) return {};
      const whole = x.isFinite().where(x, 0).cast('i32');
      return { sums: x.cumsum(0), index: whole.cumargmin(0) };
    });
    const finite = long.with(120, 0).with(250, 0);
    const sums = finite.map((_, k) => finite.slice(0, k + 1).reduce((a, b) => a + b));
    expect(found).toEqual({
      sums: sums.map((sum, k) => (k >= 250 ? NAN : k >= 120 ? INF : sum)),
      index: finite.map((_, k) => {
        const least = Math.min(...finite.slice(0, k + 1));
        return finite.slice(0, k + 1).lastIndexOf(least);
      }),
    });
  });
});

it('a scan of many elements looks at a few for each, in few dispatches', () => {
  const module = defineModule('long', (m) => {
    m.entry('run', { y: m.input('x', { shape: [100_000] }).cumsum(0) });
  });
  const [run] = compileModule(module, machines.webgpu).entries.values();
  expect(run?.stages.length).toBeLessThanOrEqual(5);
  const work = run?.stages.flatMap(({ groups }) =>
    groups.flatMap(({ loops }) =>
      loops.map(({ axes, reduceAxes }) => [...axes, ...reduceAxes].reduce((n, axis) => n * axis.extent, 1)),
    ),
  );
  expect(work?.reduce((a, b) => a + b)).toBeLessThan(100_000 * 25);
});

it('of none there is nothing, and what is wrong is named', async () => {
  const module = defineModule('none', (m) => {
    const x = m.input('x', { shape: [0, 3] });
    m.entry('run', { down: x.cummax(0), across: x.cumsum(1), index: x.cumargmax(1) });
    expect(() => x.cumsum(2)).toThrow('cumsum: axis 2 of a shape of 2 dimensions: it must be from -2 to 1');
    expect(() => x.cast('bool').cumprod(0)).toThrow('cumprod: operand of type bool');
    expect(() => x.cast('i32').logCumSumExp(0)).toThrow('logCumSumExp: operand of type i32');
    expect(() => x.cumsum(0, Object({ exclusiv: true }))).toThrow('cumsum: there is no option "exclusiv"');
    expect(() => x.cummax(0, Object({ exclusive: true }))).toThrow('the options are reverse');
    expect(() => x.cummin(0, Object({ reverse: 1 }))).toThrow(
      'cummin: reverse is 1: it must be true or false',
    );
    expect(() => x.sum().cumsum(0)).toThrow('cumsum: axis 0 of a shape of 0 dimensions: there is none');
  });
  const session = await reference.start(module);
  const found = await session.step('run', { inputs: { x: { shape: [0, 3], data: [] } } });
  expect(Object.values(found).map(({ shape }) => shape)).toEqual([
    [0, 3],
    [0, 3],
    [0, 3],
  ]);
});
