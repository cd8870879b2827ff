import type { CompiledProgram, StartOptions } from '../compiled.ts';
import type { DispatchReport, MachineReport } from '../inspect/report.ts';
import type { Machine } from '../machine/index.ts';
import { WebGpuSession } from '../runtime/start.ts';
import type { Data, Session } from '../runtime/wasm/index.ts';
import { type Exercise, exerciseOf } from './exercise.ts';
import { type Quartiles, quartilesOf } from './quartiles.ts';
import { type Roofline, rooflineOf } from './roofline.ts';

/** What is measured, and where. */
export interface ProfileOptions
  extends Pick<StartOptions, 'device' | 'adapter' | 'gpu' | 'threads' | 'seed' | 'robustness'> {
  /** The entry to run; by default `train`, or the first where there is none of that name. */
  readonly entry?: string;
  /**
   * Inputs by name, in the place of drawn ones: rows first, as many as there are; steps take them in order, again from the first
   * one on after the last.
   */
  readonly inputs?: Data;
  /** Steps that count; by default as many as take about a second, from 5 to 100. */
  readonly steps?: number;
  /** Steps before, which do not count; by default as many as take some 0.3 s. */
  readonly warmup?: number;
  /** Is told what is being done. */
  readonly onProgress?: (doing: string) => void;
}

/** What the steps of an entry take, measured and predicted. Times in microseconds. Plain data. */
export interface Profile {
  /** The name of the module. */
  readonly module: string;
  /** What it was compiled for, and by the numbers of which machine. */
  readonly target: string;
  readonly machine: MachineReport;
  /** Threads that ran it; null on WebGPU. */
  readonly threads: number | null;
  /** The adapter that ran it, as it names itself; null on WebAssembly. */
  readonly adapter: string | null;
  readonly entry: string;
  /** Steps that were measured, and how many of them a call of the session had at most. */
  readonly steps: number;
  readonly stepsPerCall: number;
  /** A step by the clock of the host, from the call to its results, divided by the steps of the call; nothing else is timed meanwhile. */
  readonly wall: Quartiles;
  /** All kernels of a step together, by the clock of what runs them; null where it has none. */
  readonly kernels: Quartiles | null;
  /** A step by the model of time, dispatches included. */
  readonly predictedMicros: number;
  readonly flops: number;
  readonly bytes: number;
  /** In the order in which a step runs them. */
  readonly dispatches: readonly DispatchProfile[];
  /** The calls in which kernels were timed, for a time line; none where they were not. */
  readonly calls: readonly TimedCall[];
}

/** One dispatch of a step: what it does, what it took, what the model of time says, and what the machine's rates allow. */
export interface DispatchProfile
  extends Pick<DispatchReport, 'name' | 'kernel' | 'kind' | 'predicted' | 'flops' | 'bytes'> {
  readonly measured: Measured | null;
  /** The least time that the rates of the machine allow, and which of them; microseconds. */
  readonly roofline: Roofline;
}

/** What one dispatch took. */
export interface Measured extends Quartiles {
  /** Its median as a multiple of what is predicted. */
  readonly ratio: number;
  /** Its part of the medians of all dispatches of a step. */
  readonly share: number;
  /** Floating-point operations, and bytes of its tensors, a second, in billions. */
  readonly gigaflops: number;
  readonly gigabytes: number;
  /** The time of the roofline as a part of the median: 1 is as fast as the machine's rates allow. */
  readonly roofline: number;
}

/** One call of the session: when it ran, and what the dispatches of each of its steps took. Microseconds. */
export interface TimedCall {
  /** From the begin of the first call. */
  readonly begin: number;
  readonly duration: number;
  readonly steps: readonly (readonly number[])[];
}

/** Milliseconds that what is measured takes by default, and that warming up takes at least. */
const ENOUGH = 1000;
const WARM = 300;
const LEAST_STEPS = 5;
const MOST_STEPS = 100;
/** Calls that are measured at least, where there are as many steps: a median needs some. */
const CALLS = 5;

/**
 * Runs an entry with inputs that are given, or drawn from the seed (labels and indices in their range), every bounded size at its
 * maximum, and measures what each dispatch takes beside what the model of time says. It runs twice: with nothing timed but
 * calls, for the time of a step, and with every dispatch timed by the clock of what runs it. On WebGPU each dispatch has a
 * pass of its own then, so that all together may take longer than a step.
 *
 * States go on from first values of the seed, in sessions of its own. Where an adapter has no timestamps, `kernels` and what
 * is measured of dispatches are null.
 *
 * @throws UnknownNameError for an entry that is not there; InputError for options that do not fit; DeviceError where there is no
 *   adapter, or the program needs more than there is
 */
export async function profile(compiled: CompiledProgram, options: ProfileOptions = {}): Promise<Profile> {
  const { entry: wanted, inputs, steps, warmup, onProgress = () => {}, ...where } = options;
  const entry = wanted ?? (compiled.entries.includes('train') ? 'train' : (compiled.entries[0] ?? 'train'));
  const report = compiled.entry(entry);
  const { module, machine } = compiled.compilation;
  const run = async <T>(
    kind: 'none' | 'dispatches',
    work: (session: Session, exercise: Exercise) => Promise<T>,
  ): Promise<T> => {
    onProgress(`${entry}: starting`);
    const session = await compiled.start({ ...where, profile: kind });
    try {
      return await work(session, exerciseOf(session, module, entry, where.seed ?? 0, inputs));
    } finally {
      session.dispose();
    }
  };
  const plan = await run('none', async (session, exercise) => {
    onProgress(`${entry}: warming up`);
    // The first step of all is not like others.
    await exercise.call(1);
    const [begin, end] = await exercise.call(1);
    const taken = steps ?? Math.min(MOST_STEPS, Math.max(LEAST_STEPS, Math.round(ENOUGH / (end - begin))));
    const stepsPerCall = Math.max(1, Math.min(exercise.most, Math.floor(taken / CALLS)));
    const calls = sharesOf(taken, Math.ceil(taken / stepsPerCall));
    await warmUp(exercise, stepsPerCall, warmup);
    const wall: number[] = [];
    for (const [call, steps] of calls.entries()) {
      onProgress(`${entry}: call ${call + 1} of ${calls.length}`);
      const [begin, end] = await exercise.call(steps);
      wall.push((1000 * (end - begin)) / steps);
    }
    return { stepsPerCall, calls, wall, threads: threadsOf(session), adapter: adapterOf(session) };
  });
  const calls = await run('dispatches', async (session, exercise) => {
    onProgress(`${entry}: warming up`);
    await warmUp(exercise, plan.stepsPerCall, warmup);
    const timed: TimedCall[] = [];
    let origin: number | undefined;
    for (const [call, steps] of plan.calls.entries()) {
      onProgress(`${entry}: timing kernels, call ${call + 1} of ${plan.calls.length}`);
      const [begin, end] = await exercise.call(steps);
      const columns = session.timings.get(entry);
      if (columns === undefined) return [];
      origin ??= begin;
      const before = (columns[0]?.length ?? 0) - steps;
      timed.push({
        begin: 1000 * (begin - origin),
        duration: 1000 * (end - begin),
        steps: Array.from({ length: steps }, (_, i) => columns.map((samples) => samples[before + i] ?? 0)),
      });
    }
    return timed;
  });
  const all = calls.flatMap((call) => call.steps);
  const { flops, bytes, predictedMicros } = report;
  return {
    module: module.name,
    target: compiled.target,
    machine: compiled.report.machine,
    threads: plan.threads,
    adapter: plan.adapter,
    entry,
    steps: plan.calls.reduce((sum, steps) => sum + steps, 0),
    stepsPerCall: plan.stepsPerCall,
    wall: quartilesOf(plan.wall),
    kernels: all.length === 0 ? null : quartilesOf(all.map((times) => times.reduce((a, b) => a + b, 0))),
    predictedMicros,
    flops,
    bytes,
    dispatches: dispatchProfiles(report.dispatches, all, machine, plan.threads),
    calls,
  };
}

/** So many steps in so many calls, which differ by one at most: the larger ones first. */
function sharesOf(steps: number, calls: number): number[] {
  return Array.from({ length: calls }, (_, call) => Math.ceil((steps - call) / calls));
}

/** Runs so many steps, or, where nothing is told, until what engines compile as it runs should have been. */
async function warmUp(exercise: Exercise, stepsPerCall: number, steps: number | undefined): Promise<void> {
  let done = 0;
  let taken = 0;
  while (steps === undefined ? taken < WARM : done < steps) {
    const [begin, end] = await exercise.call(stepsPerCall);
    done += stepsPerCall;
    taken += end - begin;
  }
}

/** Threads of a session on WebAssembly. */
function threadsOf(session: Session): number | null {
  return 'threads' in session && typeof session.threads === 'number' ? session.threads : null;
}

/** What the adapter of a session on WebGPU says of itself. */
function adapterOf(session: Session): string | null {
  if (!(session instanceof WebGpuSession)) return null;
  const { vendor, architecture, description } = session.device.adapterInfo;
  return [vendor, architecture, description].filter((text) => text !== '').join(' ');
}

function dispatchProfiles(
  dispatches: readonly DispatchReport[],
  steps: readonly (readonly number[])[],
  machine: Machine,
  threads: number | null,
): DispatchProfile[] {
  const times = dispatches.map((_, k) => quartilesOf(steps.map((step) => step[k] ?? 0)));
  const sum = times.reduce((total, { median }) => total + median, 0);
  return dispatches.map(({ name, kernel, kind, predicted, flops, bytes }, k) => {
    const roofline = rooflineOf(flops, bytes, machine, threads ?? machine.cores);
    const time = times[k];
    const told = { name, kernel, kind, predicted, flops, bytes, roofline };
    if (time === undefined || steps.length === 0) return { ...told, measured: null };
    const { median } = time;
    const measured = {
      ...time,
      ratio: median / predicted.micros,
      share: median / sum,
      gigaflops: flops / median / 1000,
      gigabytes: bytes / median / 1000,
      roofline: roofline.micros / median,
    };
    return { ...told, measured };
  });
}
