import { describe, expect, it } from 'vitest';
import { exponent } from '../../bench/growth/fit.ts';
import { compileModule } from '../../src/compile.ts';
import { defineModule, type Module, type Tensor } from '../../src/graph/index.ts';
import { formulasOf } from '../../src/inspect/formulas.ts';
import { layersOf } from '../../src/inspect/layers.ts';
import { listing } from '../../src/inspect/listing.ts';
import { reportOf } from '../../src/inspect/report.ts';
import { machines } from '../../src/machine/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { callsIn } from '../compile/countedWork.ts';

/** Modules of one kind by their size, and the smaller of the two sizes that are looked into; the other is four times as large. */
interface Growing {
  readonly what: string;
  readonly size: number;
  readonly make: (size: number) => Module;
}

const growing: readonly Growing[] = [
  {
    what: 'a chain of pointwise operations',
    size: 50,
    make: (size) =>
      defineModule('chained', (m) => {
        let x: Tensor = m.input('x', { shape: [3, 4] });
        for (let k = 0; k < size; k++) x = x.mul(0.5).add(1);
        m.entry('run', { x });
      }),
  },
  {
    what: 'a chain of movements',
    size: 50,
    make: (size) =>
      defineModule('moved', (m) => {
        let x: Tensor = m.input('x', { shape: [3, 4] });
        for (let k = 0; k < size; k++) x = x.transpose().flip([k % 2]);
        m.entry('run', { x });
      }),
  },
  {
    what: 'results of one loop',
    size: 25,
    make: (size) =>
      defineModule('results', (m) => {
        const outputs: Record<string, Tensor> = {};
        let x: Tensor = m.input('x', { shape: [3, 4] });
        for (let k = 0; k < size; k++) outputs[`y${k}`] = x = x.mul(0.5).tanh();
        m.entry('run', outputs);
      }),
  },
  {
    what: 'named values that several loops compute',
    size: 10,
    make: (size) =>
      defineModule('shared', (m) => {
        const outputs: Record<string, Tensor> = {};
        const x = m.input('x', { shape: [60, 40] });
        for (let k = 0; k < size; k++) {
          const value = x.add(k).named(`value${k}`);
          outputs[`rows${k}`] = value.sum(0);
          outputs[`columns${k}`] = value.sum(1);
        }
        m.entry('run', outputs);
      }),
  },
  {
    what: 'entries, each with a gradient of its own',
    size: 10,
    make: (size) =>
      defineModule('entries', (m) => {
        const x = m.input('x', { shape: [3, 4] });
        for (let k = 0; k < size; k++) {
          const w = m.state(`w${k}`, { shape: [4] });
          const loss = x.mul(w).tanh().sum();
          const [d] = gradients(loss, [w]);
          m.entry(k === 0 ? 'run' : `run${k}`, d === undefined ? { loss } : { loss, d });
        }
      }),
  },
];

describe('the work of looking grows with the size of', () => {
  for (const { what, size, make } of growing) {
    it(what, async () => {
      const sizes = [size, 4 * size];
      // Apart from texts of passes, which are most of the work of small graphs and would hide the rest.
      const formulas: number[] = [];
      const layers: number[] = [];
      const listings: number[] = [];
      for (const some of sizes) {
        const compilation = compileModule(make(some), machines.webgpu);
        const report = reportOf(compilation);
        formulas.push(await callsIn(() => void formulasOf(compilation, 'run')));
        layers.push(await callsIn(() => void layersOf(compilation.module)));
        listings.push(await callsIn(() => void listing(compilation, report)));
      }
      for (const calls of [formulas, layers, listings]) expect(exponent(sizes, calls)).toBeLessThan(1.2);
    });
  }
});
