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
  readonly timing: Timing;
  /** The text of the result, made when it is asked for. */
  readonly text: () => string;
  /** Whether the text is that of the pass before, at the same level. */
  readonly unchanged: () => boolean;
}

/** How the results of a level are looked at and checked, for the levels that a target has. */
export type LevelTools = {
  readonly [L in keyof Levels]?: {
    readonly print: (value: Levels[L]) => string;
    readonly verify: (value: Levels[L]) => void;
  };
};

/** What a part of a compilation took, without what is told of parts inside of it. */
export interface Timing {
  /** The entry that it was for; absent where it was for all of them together. */
  readonly entry?: string;
  /** A pass, or one of `planBuffers`, `print`, `assemble`… (`compile.ts`). */
  readonly name: string;
  readonly milliseconds: number;
  /** Milliseconds, not among the others, to verify what it gave. */
  readonly verifying: number;
}

/** A part of a compilation that runs now. */
interface Running {
  /** Milliseconds of parts inside of it. */
  inside: number;
}

/**
 * The one door that every pass goes through: runs it, verifies its result, and keeps name, time and text. What is not a
 * pass (the plan of memory, printing, assembling) goes through {@link timed}, so that times add up to the whole.
 */
export class Trace {
  readonly passes: Traced[] = [];
  readonly timings: Timing[] = [];
  readonly #tools: LevelTools;
  readonly #now: () => number;
  readonly #running: Running[] = [];
  /** The last pass to each level of each entry. */
  readonly #last = new Map<string, Traced>();

  /** @param now a clock, in milliseconds */
  constructor(tools: LevelTools, now: () => number = () => performance.now()) {
    this.#tools = tools;
    this.#now = now;
  }

  /** Runs a pass. @throws what the level's verifier says of the result */
  apply<From extends keyof Levels, To extends keyof Levels>(
    entry: string,
    pass: Pass<From, To>,
    input: Levels[From],
  ): Levels[To] {
    const tools = this.#tools[pass.to];
    if (tools === undefined)
      throw new RangeError(`pass ${pass.name} gives ${pass.to}, a level without tools`);
    const { result, timing } = this.#keep(pass.name, () => pass.run(input), tools.verify, entry);
    const key = JSON.stringify([entry, pass.to]);
    const before = this.#last.get(key);
    let text: string | undefined;
    const traced: Traced = {
      entry,
      pass: pass.name,
      level: pass.to,
      timing,
      text: () => {
        text ??= tools.print(result);
        return text;
      },
      unchanged: () => before !== undefined && before.text() === traced.text(),
    };
    this.passes.push(traced);
    this.#last.set(key, traced);
    return result;
  }

  /** Runs a part of the compilation that is not a pass, and keeps its time. @throws what `verify` says of the result */
  timed<T>(name: string, run: () => T, verify: (result: T) => void = () => {}): T {
    return this.#keep(name, run, verify).result;
  }

  #keep<T>(
    name: string,
    run: () => T,
    verify: (result: T) => void,
    entry?: string,
  ): { readonly result: T; readonly timing: Timing } {
    const [result, milliseconds] = this.#clocked(run);
    const [, verifying] = this.#clocked(() => verify(result));
    const timing = { ...(entry === undefined ? {} : { entry }), name, milliseconds, verifying };
    this.timings.push(timing);
    return { result, timing };
  }

  /** What a call gives, and its milliseconds without those of parts inside of it. */
  #clocked<T>(run: () => T): readonly [T, number] {
    const running: Running = { inside: 0 };
    const outer = this.#running.at(-1);
    this.#running.push(running);
    const start = this.#now();
    try {
      const result = run();
      return [result, this.#now() - start - running.inside];
    } finally {
      this.#running.pop();
      if (outer !== undefined) outer.inside += this.#now() - start;
    }
  }
}
