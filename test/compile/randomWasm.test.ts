import { describe, expect, it } from 'vitest';
import { type OptionalPass, optionalPasses } from '../../src/compile.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { type Machine, machines } from '../../src/machine/index.ts';
import { randomContraction } from '../oracle/randomContraction.ts';
import { randomTasksMachine } from '../oracle/randomMachine.ts';
import { randomWide } from '../oracle/randomWide.ts';
import { numberedModule } from './agreement.ts';
import { assemble } from './bareWasm.ts';
import { nestsInLines, wasmDisagreements, waysOfContractions } from './wasmAgreement.ts';

const ways: readonly {
  name: string;
  without: (seed: number) => readonly OptionalPass[];
  machine?: (seed: number) => Machine;
}[] = [
  { name: 'fused', without: () => [] },
  { name: 'fused for machines drawn at random', without: () => [], machine: randomTasksMachine },
  { name: 'unfused', without: () => optionalPasses },
  {
    name: 'each pass switched off in turn',
    without: (seed) => [optionalPasses[seed % optionalPasses.length] ?? 'partition'],
  },
];

/** Graphs of each run; `SINTER_SEEDS=1000-2000` runs others. */
const seeds = (count: number): number[] => {
  const [first = 0, last = count] = (process.env.SINTER_SEEDS ?? `0-${count}`).split('-').map(Number);
  return Array.from({ length: last - first }, (_, k) => first + k);
};

describe('random graphs on WebAssembly agree with the reference evaluator and write nothing else', () => {
  for (const { name, without, machine } of ways) {
    it(name, () => {
      const found = seeds(30).flatMap((seed) =>
        wasmDisagreements(numberedModule(seed), new Set(without(seed)), undefined, machine?.(seed)),
      );
      expect(found).toEqual([]);
    });
  }
});

describe('random contractions on WebAssembly', () => {
  it('agree with the reference evaluator and write nothing else, in all the ways in which tiles run', () => {
    const seen = new Set<string>();
    const cases = [
      ...seeds(66).map((seed) => [seed, machines.wasm] as const),
      // The last ones run in ways that few do.
      ...[...seeds(40), 158, 191].map((seed) => [seed, randomTasksMachine(seed)] as const),
    ];
    const found = cases.flatMap(([seed, machine]) =>
      wasmDisagreements(
        randomContraction(seed),
        new Set(),
        (compilation) => {
          for (const way of waysOfContractions(compilation)) seen.add(way);
        },
        machine,
      ),
    );
    expect(found).toEqual([]);
    expect([...seen].sort()).toEqual([
      'alone in its kernel',
      'cutting its columns',
      'cutting its rows',
      'inside a row program',
      'over a bounded size',
      'with a reduction in chunks',
      'with a reduction in parts',
      'with an operand for more than one task that packs',
      'with an operand packed for each of a batch',
      'with an operand that its own task packs whole',
      'with bounded columns',
      'with bounded rows',
      'with lines of columns',
      'with lines of rows',
      'with lines of several axes',
      'with many of its rows for one of the program',
      'with sets inside of a row of the program',
      'with several axes of a batch',
      'with several axes of columns',
      'with several axes of rows',
      'with several outputs',
      'with several reduction axes',
      'with sums of all rows turned',
      'with sums that are turned',
      'with windows as rows',
      'with windows in blocks of several lines',
      'with windows in blocks that are not all as long',
      'with windows in parts of the reduction',
      'with windows in several blocks',
      'with windows in several parts of the reduction',
      'with windows of a row program',
    ]);
  });
});

describe('random graphs over long rows and many tasks on WebAssembly', () => {
  it('agree with the reference evaluator and write nothing else', () => {
    let inLines = 0;
    const found = seeds(25).flatMap((seed) =>
      wasmDisagreements(randomWide(seed), new Set(seed % 3 === 0 ? optionalPasses : []), (compilation) => {
        inLines += nestsInLines(compilation);
      }),
    );
    expect(found).toEqual([]);
    expect(inLines).toBeGreaterThan(0);
  });
});

describe('the text of a module', () => {
  it('assembles to what engines take, names everything once, and is the same from run to run', () => {
    for (const random of seeds(4).flatMap((seed) =>
      [numberedModule, randomContraction].map((make) => () => make(seed)),
    )) {
      const { text } = compileToWasm(random().module, assemble);
      expect(compileToWasm(random().module, assemble).text).toBe(text);
      expect(WebAssembly.validate(new Uint8Array(assemble(text)))).toBe(true);
      const named = (kind: string): string[] =>
        [...text.matchAll(new RegExp(`\\(${kind} (\\$\\S+?)[)\\s]`, 'g'))].map(([, name = '']) => name);
      expect(repeated([...named('func'), ...named('global')])).toEqual([]);
      for (const body of text.split(/^ *\(func /m)) {
        const own = [...body.matchAll(/\((?:param|local) (\$\S+)/g)].map(([, name = '']) => name);
        expect(repeated(own)).toEqual([]);
      }
    }
  });
});

function repeated(names: readonly string[]): string[] {
  return names.filter((name, k) => names.indexOf(name) !== k);
}
