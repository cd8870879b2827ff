import type { WebGpuCompilation } from './compile.ts';
import type { WasmCompilation } from './compileToWasm.ts';
import { findGpu } from './findGpu.ts';
import { GraphError, type Module } from './graph/index.ts';
import { showAs } from './graph/shown.ts';
import type { Explanation } from './inspect/explain.ts';
import type { EntryReport, Report } from './inspect/report.ts';
import { isNode } from './isNode.ts';
import { UnknownNameError } from './issues.ts';
import { loadPart } from './loadPart.ts';
import {
  type Machine,
  MachineError,
  machines,
  requireMade,
  type TargetName,
  targetNames,
} from './machine/index.ts';
import { type OptionalPass, optionalPasses } from './optionalPasses.ts';
import { type Weights, weightsOf } from './program/weights.ts';
import type { Program } from './runtime/index.ts';
import { shown } from './runtime/issues.ts';
import { named } from './runtime/options.ts';
import type { AnySignature, EntryName, Signature, Typed } from './runtime/signature.ts';
import type { WasmProgram } from './runtime/wasm/index.ts';
import { hostOfNode, open, type StartOptions } from './start.ts';
import { type Session, withTraining } from './train/session.ts';

export type { StartOptions } from './start.ts';

export interface CompileOptions {
  /**
   * `webgpu` or `wasm`, which need no device until `start`, or `webgpu-software`, kernels for a software driver;
   * `auto`, the default, is `webgpu` where there is a hardware adapter, else `wasm`.
   */
  readonly target?: 'auto' | TargetName;
  /**
   * The machine by whose numbers it is scheduled, and times are predicted: what another GPU would get. By default the one of
   * the target's name. With it `auto` is `wasm` where the machine has tasks, else `webgpu`.
   */
  readonly machine?: Machine;
  /** Passes to leave out, to see what they do. */
  readonly without?: readonly OptionalPass[];
}

/**
 * Compiles a module: all of its entries, down to kernels and a plan of memory.
 *
 * `SINTER_DEBUG=passes,kernels` in the environment prints what each pass made.
 *
 * @throws UnknownNameError for a target, a pass or an option that is not there; GraphError `declaration` for what is not a
 *   module, `option` for what are not options; MachineError for what is not a machine, is not what its description says, or does not
 *   suit the target; DeviceError `memory` for a plan that WebAssembly cannot address, `limit` for a state, an arena
 *   or inputs larger than a buffer of the target; ScheduleError `limit` for what no kernel of the target can compute;
 *   LoadError where a file of the compiler does not come
 */
export async function compile<S extends Signature = AnySignature>(
  module: Module<S>,
  options: CompileOptions = {},
): Promise<CompiledProgram<S>> {
  // Callers without types may give anything.
  checkArguments(module, options);
  const { target = 'auto', machine, without = [] } = options;
  const given = machine === undefined ? target : targetOf(machine, target);
  const name = given === 'auto' ? await targetAtHand() : given;
  // What every target needs first: where files are missing, the error names one that is, and not one that imports it.
  const inspection = await loadInspection();
  const compilation = await compileFor(module, name, new Set(without), machine);
  const topics = environment('SINTER_DEBUG');
  if (topics !== '') {
    const { debugText } = await import('./debug.ts');
    const text = debugText(compilation, topics);
    if (text !== '') console.error(text);
  }
  return new CompiledProgram<S>(compilation, inspection);
}

/** A compilation as the program that people start and look at. */
export async function programOf<S extends Signature = AnySignature>(
  compilation: WebGpuCompilation | WasmCompilation,
): Promise<CompiledProgram<S>> {
  return new CompiledProgram<S>(compilation, await loadInspection());
}

function loadInspection(): Promise<Inspection> {
  return loadPart('what compiles for every target', () => import('./inspect/inspection.ts'));
}

/** @throws GraphError for what is not a module, or not options; UnknownNameError for names that are not there */
function checkArguments(module: unknown, options: unknown): void {
  if (!(Object(module).graph instanceof Object)) {
    const found = module instanceof Object ? 'another object' : String(module);
    throw new GraphError('declaration', 'compile', `expected a module of defineModule, found ${found}`);
  }
  if (!(options instanceof Object))
    throw new GraphError(
      'option',
      'compile',
      `expected options, as in { target: 'wasm' }, found ${shown(options)}`,
    );
  for (const name of Object.keys(options))
    if (!optionNames.includes(name)) throw new UnknownNameError('option', name, optionNames);
  const { target = 'auto', machine, without = [] }: Record<string, unknown> = { ...options };
  const targets: readonly unknown[] = ['auto', ...targetNames];
  if (target instanceof Object) {
    const names = targets.map((name) => JSON.stringify(name)).join(', ');
    refuse(`one of ${names} as target`, target, '; a machine is an option of its own, { machine }');
  }
  if (!targets.includes(target)) throw new UnknownNameError('target', target, ['auto', ...targetNames]);
  if (machine !== undefined && !(Object(machine).description instanceof Object)) {
    const isDescription = Object(machine).numbers instanceof Object;
    const found = isDescription
      ? 'found a description itself: give machineOf(description)'
      : `found ${shown(machine)}, which is not a machine: give what machineOf makes, or one of machines`;
    throw new MachineError('', 'description', `is missing: ${found}`);
  }
  if (!Array.isArray(without)) refuse("a list of passes, as in { without: ['partition'] }", without);
  for (const pass of without as readonly unknown[])
    if (!optionalPasses.some((one) => one === pass))
      throw new UnknownNameError('pass to leave out', pass, optionalPasses);
}

const optionNames = ['target', 'machine', 'without'];

function refuse(expected: string, found: unknown, hint = ''): never {
  throw new GraphError('option', 'compile', `expected ${expected}, found ${shown(found)}${hint}`);
}

/**
 * What runs kernels of a machine: the target that was given, where it suits, else one that does.
 *
 * @throws MachineError where the given one does not suit, or the machine is not what its description says
 */
export function targetOf(machine: Machine, given: 'auto' | TargetName): TargetName {
  requireMade(machine);
  const hasTasks = machine.features.has('tasks');
  if (given === 'auto') return hasTasks ? 'wasm' : 'webgpu';
  if (hasTasks === (given === 'wasm')) return given;
  const fault = hasTasks
    ? `has tasks, which target ${given} does not run: give target wasm`
    : 'has no tasks, which target wasm runs: give target webgpu or webgpu-software';
  throw new MachineError(machine.name, 'features', `${fault}, or none`);
}

/** What a module becomes on a target, by the numbers of a machine. What makes it is loaded when it is needed. */
export async function compileFor(
  module: Module,
  target: TargetName,
  without: ReadonlySet<OptionalPass> = new Set(),
  machine: Machine = machines[target],
): Promise<WebGpuCompilation | WasmCompilation> {
  if (target !== 'wasm') {
    const { compileModule } = await loadPart('what compiles for WebGPU', () => import('./compile.ts'));
    return compileModule(module, machine, without, target);
  }
  const part = 'what compiles for WebAssembly';
  const { compileToWasm, loadAssembler } = await loadPart(part, () => import('./compileToWasm.ts'));
  return compileToWasm(module, await loadPart(part, loadAssembler), without, machine);
}

/** What `auto` is here: `webgpu` where there is a hardware adapter, else `wasm`. */
export async function targetAtHand(): Promise<TargetName> {
  try {
    return (await findGpu('hardware')).target;
  } catch (error) {
    // By its name: under tsx, in a project of CommonJS, there are two copies of the library.
    if (Object(error).name === 'DeviceError') return 'wasm';
    throw error;
  }
}

type Inspection = typeof import('./inspect/inspection.ts');

/** A compiled module: what it became, and the way to run it. What types know of it is `S`, that of its module. */
export class CompiledProgram<S extends Signature = AnySignature> {
  /** Every level that compiling went through, for tools. */
  readonly compilation: WebGpuCompilation | WasmCompilation;
  readonly #inspection: Inspection;
  #report: Report | undefined;
  #weights: Weights | undefined;

  /** @param inspection what looks at a compilation: `inspect/inspection.ts` */
  constructor(compilation: WebGpuCompilation | WasmCompilation, inspection: Inspection) {
    this.compilation = compilation;
    this.#inspection = inspection;
  }

  /** What `JSON.stringify` takes of it: the program. */
  toJSON(): (Program | WasmProgram) & Typed<S> {
    return this.program;
  }

  /** Plain data that survives JSON, and runs with `sinter/runtime` alone, or with `sinter/runtime/wasm`. */
  get program(): (Program | WasmProgram) & Typed<S> {
    return this.compilation.program;
  }

  /**
   * Values of states that were given (`nn.init.values`) and are too many for the program: more than 1,024 elements, by the
   * state's name. `start` of the program takes them as its option `initial`; the `start` below gives them itself. Each is
   * decoded when it is read, and not kept by this.
   */
  get weights(): Weights {
    this.#weights ??= weightsOf(this.compilation.module);
    return this.#weights;
  }

  /** What it was compiled for, `webgpu`. */
  get target(): string {
    return this.program.target;
  }

  /** Names of the entries. */
  get entries(): readonly string[] {
    return [...this.compilation.entries.keys()];
  }

  /** Everything that `sinter inspect` shows, as data. */
  get report(): Report {
    this.#report ??= this.#inspection.reportOf(this.compilation);
    return this.#report;
  }

  /** Text for people, of 80 columns: each entry's dispatches with their predicted times and bytes, and the peak of memory. */
  summary(): string {
    return this.#inspection.summaryText(this.report);
  }

  /**
   * One entry: its `dispatches` (name, kind, nodes, grid, FLOPs, bytes) and its `kernels` (`code`).
   *
   * @throws UnknownNameError where there is none of that name
   */
  entry(name: EntryName<S>): EntryReport {
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
    return this.#inspection.explain(this.compilation, a, b);
  }

  /**
   * Opens what the program was compiled for, gives all states their first values, and returns what trains and
   * predicts: a device for WebGPU, threads for WebAssembly.
   *
   * @throws DeviceError where there is no adapter, no memory, or the program needs more than there is
   */
  start<Own extends Signature = S>(options?: StartOptions<NoInfer<Own>>): Promise<Session<Own>>;
  async start(options: StartOptions = {}): Promise<Session> {
    const { initial } = named('options', options);
    const given = named('initial', initial ?? {});
    const others = Object.keys(this.weights).filter((name) => !Object.hasOwn(given, name));
    const weights = Object.fromEntries(
      others.flatMap((name) => {
        const values = this.weights[name];
        return values === undefined ? [] : [[name, values] as const];
      }),
    );
    const session = await open(this.program, {
      ...options,
      initial: { ...weights, ...given },
    });
    const { module } = this.compilation;
    const updating = new Set(
      module.entries.filter(({ updates }) => updates.length > 0).map(({ name }) => name),
    );
    return withTraining(session, {
      ...hostOfNode(),
      hasUpdates: (entry) => updating.has(entry),
      originOf: async (suspect, turn) =>
        (await import('./check/nanOrigin.ts')).nanOrigin(module, suspect, turn),
    });
  }
}

showAs(CompiledProgram.prototype, {
  line: ({ program, entries }) =>
    `CompiledProgram ${program.name} for ${program.target} (entries ${entries.join(', ')})`,
  all: (compiled) => compiled.summary().trimEnd(),
  html: async ({ compilation, report }) =>
    (await import('./inspect/compiledHtml.ts')).compiledHtml(compilation, report),
});

/** A variable of the environment, where there is one. */
function environment(name: string): string {
  return (isNode() ? globalThis.process.env[name] : undefined) ?? '';
}
