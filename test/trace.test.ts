import { describe, expect, test } from 'vitest';
import { w1 } from '../bench/workloads.ts';
import { compileModule } from '../src/compile.ts';
import { compileToWasm } from '../src/compileToWasm.ts';
import type { Loop } from '../src/loops/index.ts';
import { machines } from '../src/machine/index.ts';
import { type LevelTools, Trace } from '../src/trace.ts';
import { loadAssembler } from '../src/wasm/assemble.ts';

/** A clock that goes on by itself only when it is told to. */
class Clock {
  now = 0;
  readonly read = (): number => this.now;
  readonly pass = (milliseconds: number): void => {
    this.now += milliseconds;
  };
}

/** Tools whose verifying of loops takes so many milliseconds. */
function toolsTaking(clock: Clock, milliseconds: number): LevelTools {
  const nothing = { print: () => '', verify: () => {} };
  const loops = { print: () => 'loops', verify: () => clock.pass(milliseconds) };
  return {
    graph: nothing,
    loops,
    groups: nothing,
    stages: nothing,
    kernels: nothing,
    evaluated: nothing,
    functions: nothing,
  };
}

describe('the trace', () => {
  test('tells running from verifying, and counts what runs inside of another part once', () => {
    const clock = new Clock();
    const trace = new Trace(toolsTaking(clock, 3), clock.read);
    const run = (loops: readonly Loop[]): readonly Loop[] => {
      clock.pass(5);
      trace.timed(
        'inner',
        () => clock.pass(7),
        () => clock.pass(2),
      );
      clock.pass(1);
      return loops;
    };
    trace.apply('train', { name: 'outer', from: 'loops', to: 'loops', run }, []);
    expect(trace.timings).toEqual([
      { name: 'inner', milliseconds: 7, verifying: 2 },
      { entry: 'train', name: 'outer', milliseconds: 6, verifying: 3 },
    ]);
    expect(clock.now).toBe(7 + 2 + 6 + 3);
    expect(trace.passes.map(({ timing }) => timing)).toEqual([trace.timings[1]]);
  });

  test('a part that throws is not kept, and what runs after it is counted as before', () => {
    const clock = new Clock();
    const trace = new Trace(toolsTaking(clock, 0), clock.read);
    const fails = (): void => {
      clock.pass(4);
      throw new RangeError('no');
    };
    trace.timed('outer', () => {
      expect(() => trace.timed('inner', fails)).toThrow('no');
      clock.pass(1);
    });
    expect(trace.timings).toEqual([{ name: 'outer', milliseconds: 1, verifying: 0 }]);
  });

  test('accounts for all of a compilation: its passes by entry, the plan, printing and assembling', async () => {
    const shared = ['lower', 'partition', 'assignStages', 'schedule'];
    const compilations = [
      { made: compileModule(w1, machines.webgpu), own: ['fitStages', 'orderEvaluation'], once: ['print'] },
      { made: compileToWasm(w1, await loadAssembler()), own: [], once: ['assemble', 'print'] },
    ];
    for (const { made, own, once } of compilations) {
      const { timings } = made.trace;
      for (const entry of ['train', 'predict'])
        expect(timings.filter((part) => part.entry === entry).map(({ name }) => name)).toEqual(
          expect.arrayContaining([...shared, ...own]),
        );
      const others = timings.filter(({ entry }) => entry === undefined).map(({ name }) => name);
      expect(new Set(others)).toEqual(new Set(['declareStorage', 'planBuffers', ...once]));
      const sum = timings.reduce((ms, { milliseconds, verifying }) => ms + milliseconds + verifying, 0);
      expect(sum).toBeLessThanOrEqual(made.milliseconds);
    }
  });
});
