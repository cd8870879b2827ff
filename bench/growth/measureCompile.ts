import { compile, type TargetName } from '../../src/index.ts';
import type { Family } from './families.ts';
import { exponent } from './fit.ts';

/** What a module of one size took to compile. */
export interface Compiled {
  readonly size: number;
  /** Processor seconds of declaring the module: gradients are made then. */
  readonly declaring: number;
  /** Processor seconds of `compile`. */
  readonly compiling: number;
  /** Characters of the program as JSON. */
  readonly characters: number;
  /** Distinct kernels. */
  readonly kernels: number;
  /** Dispatches of all entries. */
  readonly dispatches: number;
}

/** How a family grows on a target. */
export interface Growth {
  readonly family: string;
  readonly counts: string;
  readonly target: TargetName;
  readonly sizes: readonly Compiled[];
  /** The powers of the size by which declaring and compiling, and the program, grow. */
  readonly exponents: { readonly time: number; readonly characters: number };
  /** Processor seconds that the largest may take to compile. */
  readonly allowed: number;
}

/** Compiles the sizes of a family, one after the other, after a small one that warms the compiler up. */
export async function measureGrowth(family: Family, target: TargetName): Promise<Growth> {
  const [least = 1] = family.sizes;
  await compiledOf(family, Math.max(1, Math.floor(least / 2)), target);
  const sizes: Compiled[] = [];
  for (const size of family.sizes) sizes.push(await compiledOf(family, size, target));
  const by = (amount: (of: Compiled) => number): number =>
    exponent(
      sizes.map(({ size }) => size),
      sizes.map(amount),
    );
  return {
    family: family.name,
    counts: family.counts,
    target,
    sizes,
    exponents: {
      time: by(({ declaring, compiling }) => declaring + compiling),
      characters: by(({ characters }) => characters),
    },
    allowed: family.seconds,
  };
}

async function compiledOf(family: Family, size: number, target: TargetName): Promise<Compiled> {
  const begin = process.cpuUsage();
  const module = family.module(size);
  const declared = process.cpuUsage(begin);
  const { program } = await compile(module, { target });
  const all = process.cpuUsage(begin);
  const declaring = (declared.user + declared.system) / 1e6;
  return {
    size,
    declaring,
    compiling: (all.user + all.system) / 1e6 - declaring,
    characters: JSON.stringify(program).length,
    kernels: program.kernels.length,
    dispatches: Object.values(program.entries).reduce((n, { steps }) => n + steps.length, 0),
  };
}
