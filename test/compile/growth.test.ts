import { describe, expect, it } from 'vitest';
import { familyNamed } from '../../bench/growth/families.ts';
import { exponent } from '../../bench/growth/fit.ts';
import { compileModule } from '../../src/compile.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { concat } from '../../src/graph/construct.ts';
import { dotOf } from '../../src/graph/dot.ts';
import { defineModule, type Module, parseModule, printModule, type Tensor } from '../../src/graph/index.ts';
import { machines } from '../../src/machine/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { referenceSession } from '../../src/reference/index.ts';
import type { ProgramBase } from '../../src/runtime/program.ts';
import { loadAssembler } from '../../src/wasm/assemble.ts';
import { callsIn } from './countedWork.ts';

const assemble = await loadAssembler();

const targets = {
  webgpu: (module) => compileModule(module, machines.webgpu).program,
  'webgpu-software': (module) => compileModule(module, machines['webgpu-software']).program,
  wasm: (module) => compileToWasm(module, assemble).program,
} satisfies Record<string, (module: Module) => ProgramBase>;

/** A module whose only output is made of `x: [3, 4]` by a chain of so many links. */
function chained(links: number, link: (x: Tensor, k: number) => Tensor): Module {
  return defineModule('chained', (m) => {
    let x: Tensor = m.input('x', { shape: [3, 4] });
    for (let k = 0; k < links; k++) x = link(x, k);
    m.entry('run', { x });
  });
}

/** Modules of one kind by their size, a size that is compiled beside a multiple of it, four times by default, and for which targets. */
interface Growing {
  readonly what: string;
  readonly size: number;
  readonly times?: number;
  readonly make: (size: number) => Module;
  readonly on: readonly (keyof typeof targets)[];
}

const growing: readonly Growing[] = [
  {
    what: 'a chain of pointwise operations',
    size: 80,
    make: (size) => chained(size, (x) => x.mul(0.5).add(1)),
    on: ['webgpu', 'wasm'],
  },
  {
    what: 'operations on the two values before',
    size: 80,
    make: (size) => {
      let before: Tensor | undefined;
      return chained(size, (x) => {
        const next = x.mul(0.5).sub(before ?? x);
        before = x;
        return next;
      });
    },
    on: ['wasm'],
  },
  {
    what: 'a chain of movements',
    size: 25,
    make: (size) =>
      chained(size, (x, k) =>
        x
          .transpose()
          .reshape([3, 4])
          .flip([k % 2]),
      ),
    on: ['webgpu'],
  },
  {
    what: 'concatenations of concatenations',
    size: 25,
    make: (size) => chained(size, (x) => concat([x, x], 1).slice([0, 3], [3, 7])),
    on: ['webgpu'],
  },
  { what: 'states clipped by the norm of all', size: 8, make: familyNamed('clipped'), on: ['webgpu'] },
  { what: 'states of one gradient', size: 15, make: familyNamed('states'), on: ['webgpu'] },
  { what: 'a recurrence, step by step', size: 2, make: familyNamed('recurrence'), on: ['wasm'] },
  { what: 'a GPT, layer by layer', size: 1, times: 2, make: familyNamed('gpt-layers'), on: ['wasm'] },
];

describe('work and program grow with the size of', () => {
  for (const { what, size, times = 4, make, on } of growing) {
    for (const target of on) {
      it(`${what}, for ${target}`, async () => {
        const sizes = [size, times * size];
        const calls: number[] = [];
        const bytes: number[] = [];
        for (const some of sizes) {
          const module = make(some);
          calls.push(await callsIn(() => void bytes.push(JSON.stringify(targets[target](module)).length)));
        }
        expect(exponent(sizes, calls)).toBeLessThan(1.3);
        expect(exponent(sizes, bytes)).toBeLessThan(1.1);
      });
    }
  }
});

describe('a chain that is longer than a call stack', () => {
  const links = 1500;
  const feeds = { inputs: { x: { shape: [3, 4], data: Array.from({ length: 12 }, (_, k) => k) } } };

  it('is printed, parsed, drawn and evaluated', () => {
    const module = chained(links, (x) => x.mul(0.5).transpose().reshape([3, 4]).add(1));
    const text = printModule(module);
    expect(printModule(parseModule(text))).toBe(text);
    // Of each link six edges; two more make the constants as large as `x`.
    expect(dotOf(module).match(/ -> /g)).toHaveLength(6 * links + 2);
    const [value] = referenceSession(module).step('run', feeds).x?.data ?? [];
    expect(value).toBeCloseTo(2);
  });

  it('is named, differentiated, and compiled', () => {
    const module = defineModule('deep', (m) => {
      const w = m.input('w', { shape: [3, 4] });
      let x = w;
      for (let k = 0; k < links; k++) x = x.transpose().reshape([3, 4]);
      let y = w;
      for (let k = 0; k < links; k++) y = y.mul(0.5);
      const [moved, scaled] = [gradients(x.named('moved').sum(), [w])[0], gradients(y.sum(), [w])[0]];
      if (moved !== undefined && scaled !== undefined) m.entry('run', { moved, scaled });
    });
    expect(targets['webgpu-software'](module).entries).toHaveProperty('run');
  });
});
