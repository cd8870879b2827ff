import { type Compilation, compileModule, type OptionalPass, optionalPasses } from './compile.ts';
import { debugText } from './debug.ts';
import { type Explanation, explain } from './explain.ts';
import { findGpu } from './findGpu.ts';
import type { Module } from './graph/index.ts';
import { UnknownNameError } from './issues.ts';
import { type ProfileName, profiles } from './passes/profile.ts';
import { type EntryReport, type Report, reportOf } from './report.ts';
import { summaryText } from './reportText.ts';
import { type Program, type Session, type StartOptions, start } from './runtime/index.ts';

export interface CompileOptions {
  /**
   * A profile's name, which needs no device until `start`; or `auto`, the default: the profile for the adapter
   * at hand (a hardware adapter, else a software one).
   */
  readonly target?: 'auto' | ProfileName;
  /** Passes to leave out, to see what they do. */
  readonly without?: readonly OptionalPass[];
}

/**
 * Compiles a module: all of its entries, down to kernels and a plan of memory.
 *
 * `SINTER_DEBUG=passes,kernels` in the environment prints what each pass made.
 *
 * @throws DeviceError with `auto` where there is no adapter; UnknownNameError for a target or a pass
 *   that is not there
 */
export async function compile(module: Module, options: CompileOptions = {}): Promise<CompiledProgram> {
  const { target = 'auto', without = [] } = options;
  const name = target === 'auto' ? (await findGpu()).profile : target;
  // Callers without types may give any name.
  if (!Object.hasOwn(profiles, name))
    throw new UnknownNameError('target', name, ['auto', ...Object.keys(profiles)]);
  for (const pass of without)
    if (!optionalPasses.includes(pass)) throw new UnknownNameError('pass to leave out', pass, optionalPasses);
  const compilation = compileModule(module, profiles[name], new Set(without));
  const topics = environment('SINTER_DEBUG');
  const text = debugText(compilation, topics);
  if (text !== '') console.error(text);
  return new CompiledProgram(compilation);
}

/** A compiled module: what it became, and the way to run it. */
export class CompiledProgram {
  /** Every level that compiling went through, for tools. */
  readonly compilation: Compilation;
  #report: Report | undefined;

  constructor(compilation: Compilation) {
    this.compilation = compilation;
  }

  /** Plain data that survives JSON, and runs with `sinter/runtime` alone. */
  get program(): Program {
    return this.compilation.program;
  }

  /** The profile that it was compiled for. */
  get target(): string {
    return this.program.target;
  }

  /** Names of the entries. */
  get entries(): readonly string[] {
    return [...this.compilation.entries.keys()];
  }

  /** Everything that `sinter inspect` shows, as data. */
  get report(): Report {
    this.#report ??= reportOf(this.compilation);
    return this.#report;
  }

  /** Text for people: each entry's dispatches with grids and bytes, and the peak of memory. */
  summary(): string {
    return summaryText(this.report);
  }

  /**
   * One entry: its `dispatches` (name, kind, nodes, grid, FLOPs, bytes) and its `kernels` (`wgsl`).
   *
   * @throws UnknownNameError where there is none of that name
   */
  entry(name: string): EntryReport {
    const entry = Object.hasOwn(this.report.entries, name) ? this.report.entries[name] : undefined;
    if (entry === undefined) throw new UnknownNameError('entry', name, this.entries);
    return entry;
  }

  /**
   * Why two nodes share a kernel or a dispatch, or why not, for each entry that computes both.
   *
   * @param a a node's label (`hidden`), or a state's name; as kernels spell it, `hidden_weight`, too
   * @throws UnknownNameError where no entry computes one of them
   */
  explain(a: string, b: string): Explanation[] {
    return explain(this.compilation, a, b);
  }

  /**
   * Opens a device, uploads the first values of all states, and gives what trains and predicts.
   *
   * @throws DeviceError where there is no adapter, or the program needs more than it has
   */
  async start(options: StartOptions = {}): Promise<Session> {
    const isGiven =
      options.device !== undefined || options.adapter !== undefined || options.gpu !== undefined;
    return start(this.program, isGiven ? options : { ...options, ...(await findGpu()).options });
  }
}

/** A variable of the environment, where there is one. */
function environment(name: string): string {
  return ('process' in globalThis ? globalThis.process.env[name] : undefined) ?? '';
}
