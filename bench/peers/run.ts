/**
 * Training steps of Sinter and its peers, in turn in one run, on as many threads as there are cores.
 *
 *     npm ci && npm --prefix bench/peers ci && npm --prefix bench/peers start
 *
 * PyTorch and XLA (by JAX, over exported StableHLO) take part where `python3` (or `--python FILE`) has them; who does not is named.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { roundTrip } from '../roundTrip.ts';
import { spread, spreadText } from '../spread.ts';
import { peerWorkloads } from './optimizers.ts';
import { type Runner, Running } from './runner.ts';
import { readTask, type Task, writeTask } from './task.ts';

const HELP = `Measures training steps of Sinter and its peers, in turn.

  --workload NAME  one of ${peerWorkloads.join(', ')}; may be repeated (all)
  --threads N      threads of each (as many as there are cores)
  --rounds N       turns of each, of which the median counts (7)
  --milliseconds N of a turn, about (600)
  --python FILE    a Python that has PyTorch 2, or JAX and safetensors (python3)
`;

/**
 * Relative difference of the losses of the first steps, which all take from the same values: float32 in another order.
 * A step at a high rate makes it larger: that of w6 a thousandfold, so that XLA's own second losses on one and on two threads
 * differ by 2e-4, and PyTorch's third by 1e-3.
 */
const CLOSE = [1e-5, 5e-4, 5e-3];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      workload: { type: 'string', multiple: true, default: [] },
      threads: { type: 'string', default: String(availableParallelism()) },
      rounds: { type: 'string', default: '7' },
      milliseconds: { type: 'string', default: '600' },
      python: { type: 'string', default: 'python3' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const { threads, python } = values;
  const torch = versionOf(python, 'torch');
  if (torch === null) process.stdout.write(`${python} has no PyTorch: it takes no part\n`);
  const jaxVersion = versionOf(python, 'jax');
  if (jaxVersion === null) process.stdout.write(`${python} has no JAX: XLA takes no part\n`);
  for (const workload of values.workload.length === 0 ? peerWorkloads : values.workload) {
    const folder = await writeTask(workload);
    try {
      const runners = [sinter(folder, threads)];
      if (isPerceptron(readTask(folder))) runners.push(...jaxJs(folder, threads));
      if (torch !== null) runners.push(...pyTorch(folder, threads, python, torch));
      if (jaxVersion !== null) runners.push(...xla(folder, threads, python, jaxVersion));
      const rounds = await inTurn(runners, {
        rounds: Number(values.rounds),
        milliseconds: Number(values.milliseconds),
      });
      process.stdout.write(`\n${table(workload, threads, rounds)}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

function sinter(folder: string, threads: string): Runner {
  const script = fileURLToPath(new URL('sinterSteps.ts', import.meta.url));
  return { name: 'Sinter', command: [process.execPath, ...process.execArgv, script, folder, threads] };
}

/** jax-js as it runs in Node, which has no Web Workers, and as it runs where it has threads. */
function jaxJs(folder: string, threads: string): Runner[] {
  const script = fileURLToPath(new URL('jaxSteps.mjs', import.meta.url));
  // It uses `relaxed_madd` where it can, but does not switch it on; versions after Node 20 have no such flag.
  const flag = '--experimental-wasm-relaxed-simd';
  const known = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' }).stdout;
  const flags = known.includes(flag) ? [flag] : [];
  return byThreads('jax-js', threads, (count) => [process.execPath, ...flags, script, folder, count]);
}

/** PyTorch, eager: at these sizes its threads may cost more than they bring. */
function pyTorch(folder: string, threads: string, python: string, version: string): Runner[] {
  const script = fileURLToPath(new URL('torch_steps.py', import.meta.url));
  return byThreads(`PyTorch ${version}`, threads, (count) => [python, script, folder, count]);
}

/** XLA over the module that `sinter export` writes: on the processor, its states donated, its batches there. */
function xla(folder: string, threads: string, python: string, version: string): Runner[] {
  const script = fileURLToPath(new URL('xla_steps.py', import.meta.url));
  return byThreads(`XLA of JAX ${version}`, threads, (count) => [python, script, folder, count]);
}

/** A peer on one thread and on all: the better of the two is what Sinter is measured by. */
function byThreads(name: string, threads: string, command: (count: string) => Runner['command']): Runner[] {
  const counts = threads === '1' ? ['1'] : ['1', threads];
  return counts.map((count) => ({
    name: `${name}, ${count === '1' ? '1 thread' : `${count} threads`}`,
    command: command(count),
  }));
}

function versionOf(python: string, library: 'torch' | 'jax'): string | null {
  const { status, stdout } = spawnSync(python, ['-c', `import ${library}; print(${library}.__version__)`], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : null;
}

/** Whether a workload's parameters are weights and biases of dense layers, one after the other: what jax-js is given. */
function isPerceptron({ parameters }: Task): boolean {
  return parameters.every(({ shape }, k) => shape.length === 2 - (k % 2));
}

/** What was measured, round by round. */
interface Rounds {
  /** Losses of the first steps of each runner. */
  readonly losses: ReadonlyMap<string, readonly number[]>;
  /** Microseconds a step of each runner. */
  readonly times: ReadonlyMap<string, readonly number[]>;
  /** Nanoseconds from one thread to another and back. */
  readonly roundTrips: readonly number[];
}

/** Lets all take their turns. @throws Error where what they compute is not the same */
async function inTurn(
  runners: readonly Runner[],
  options: { readonly rounds: number; readonly milliseconds: number },
): Promise<Rounds> {
  const running = runners.map((runner) => Running.start(runner));
  try {
    const losses = new Map<string, readonly number[]>();
    for (const one of running) losses.set(one.name, await firstLosses(one));
    requireSame(losses);
    const steps = new Map<Running, number>();
    for (const one of running) steps.set(one, await stepsOfTurn(one, options.milliseconds));
    const samples = new Map<Running, number[]>(running.map((one) => [one, []]));
    const roundTrips: number[] = [];
    for (let round = 0; round < options.rounds; round++) {
      roundTrips.push(await roundTrip());
      for (const one of running) {
        const count = steps.get(one) ?? 1;
        const { milliseconds } = await one.take(count);
        samples.get(one)?.push((1000 * milliseconds) / count);
      }
    }
    const times = new Map([...samples].map(([{ name }, values]) => [name, values]));
    return { losses, times, roundTrips };
  } finally {
    for (const one of running) one.end();
  }
}

async function firstLosses(one: Running): Promise<readonly number[]> {
  const losses: number[] = [];
  for (const _ of CLOSE) losses.push((await one.take(1)).loss);
  return losses;
}

/** @throws Error where a loss is not that of the first runner */
function requireSame(losses: ReadonlyMap<string, readonly number[]>): void {
  const [[first, wanted] = ['', []]] = losses;
  for (const [name, own] of losses)
    CLOSE.forEach((close, step) => {
      const [mine = Number.NaN, other = Number.NaN] = [wanted[step], own[step]];
      if (!(Math.abs(other - mine) <= close * Math.abs(mine)))
        throw new Error(`${name} and ${first} part in step ${step + 1}:\n${lossLines(losses)}`);
    });
}

function lossLines(losses: ReadonlyMap<string, readonly number[]>): string {
  const lines = [...losses].map(
    ([name, values]) => `  ${name.padEnd(36)} ${values.map((value) => value.toPrecision(8)).join('  ')}`,
  );
  return ['losses of the first steps', ...lines].join('\n');
}

/** How many steps a turn has. The first ones are for warming up: V8 compiles what is hot again. */
async function stepsOfTurn(one: Running, wanted: number): Promise<number> {
  for (let steps = 1; ; steps *= 2) {
    const { milliseconds } = await one.take(steps);
    if (milliseconds >= wanted) return Math.max(1, Math.round((steps * wanted) / milliseconds));
  }
}

/**
 * Times, and Sinter's beside each: the median of the ratios within a round, whose turns the rest of the machine
 * disturbs alike, and the ratio of the least times, which it disturbs least.
 */
function table(workload: string, threads: string, { losses, times, roundTrips }: Rounds): string {
  const own = times.get('Sinter') ?? [];
  const rows = [...times].map(([name, values]) => {
    const time = spread(values);
    const byRound = spread(own.map((value, round) => value / Number(values[round])));
    const ratios = `${byRound.median.toFixed(3).padStart(8)} ${(spread(own).least / time.least).toFixed(3).padStart(8)}`;
    return `  ${name.padEnd(36)} ${spreadText(time, 'µs', 0).padEnd(30)} ${ratios}`;
  });
  const head = `  ${'a step'.padEnd(36)} ${''.padEnd(30)}    Sinter   of the`;
  const more = `  ${''.padEnd(36)} ${''.padEnd(30)}    of it    least`;
  const trip = spreadText(spread(roundTrips), 'ns', 0);
  const title = `${workload}, ${threads} threads; from one thread to another and back: ${trip}`;
  return `${[title, lossLines(losses), head, more, ...rows].join('\n')}\n`;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
