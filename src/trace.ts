import type { Group, Stage } from './fuse/index.ts';
import type { Module } from './graph/index.ts';
import type { EvaluatedKernel, Kernel } from './kernels/kernel.ts';
import type { Loop } from './loops/index.ts';
import type { WasmKernelText } from './wasm/kernel.ts';

/** The levels that passes take and give. */
export interface Levels {
  readonly graph: Module;
  readonly loops: readonly Loop[];
  readonly groups: readonly Group[];
  readonly stages: readonly Stage[];
  readonly kernels: readonly Kernel[];
  readonly evaluated: readonly EvaluatedKernel[];
  readonly functions: readonly WasmKernelText[];
}

/** A pass, typed by the levels that it takes and gives: a wrong order does not compile. */
export interface Pass<From extends keyof Levels, To extends keyof Levels> {
  readonly name: string;
  readonly from: From;
  readonly to: To;
  readonly run: (input: Levels[From]) => Levels[To];
}

/** One pass over one entry, as it was run. */
export interface Traced {
  readonly entry: string;
  readonly pass: string;
  readonly level: keyof Levels;
  readonly milliseconds: number;
  /** The text of the result, made when it is asked for. */
  readonly text: () => string;
  /** Whether the text is that of the pass before, at the same level. */
  readonly unchanged: () => boolean;
}

/** How the results of a level are looked at and checked. */
export type LevelTools = {
  readonly [L in keyof Levels]: {
    readonly print: (value: Levels[L]) => string;
    readonly verify: (value: Levels[L]) => void;
  };
};

/** The one door that every pass goes through: runs it, verifies its result, and keeps name, time and text. */
export class Trace {
  readonly passes: Traced[] = [];
  readonly #tools: LevelTools;

  constructor(tools: LevelTools) {
    this.#tools = tools;
  }

  /** Runs a pass. @throws what the level's verifier says of the result */
  apply<From extends keyof Levels, To extends keyof Levels>(
    entry: string,
    pass: Pass<From, To>,
    input: Levels[From],
  ): Levels[To] {
    const start = performance.now();
    const result = pass.run(input);
    const milliseconds = performance.now() - start;
    const tools = this.#tools[pass.to];
    tools.verify(result);
    const before = this.passes.findLast((p) => p.entry === entry && p.level === pass.to);
    let text: string | undefined;
    const traced: Traced = {
      entry,
      pass: pass.name,
      level: pass.to,
      milliseconds,
      text: () => {
        text ??= tools.print(result);
        return text;
      },
      unchanged: () => before !== undefined && before.text() === traced.text(),
    };
    this.passes.push(traced);
    return result;
  }
}
