/**
 * Training steps of Sinter and its peers, in turn in one run, on as many threads as there are cores.
 *
 *     npm ci && npm --prefix bench/peers ci && npm --prefix bench/peers start
 *
 * PyTorch takes part where `python3` (or `--python FILE`) has it; who does not is named.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { roundTrip } from '../roundTrip.ts';
import { spread, spreadText } from '../spread.ts';
import { type Runner, Running } from './runner.ts';
import { readTask, writeTask } from './task.ts';

const HELP = `Measures training steps of Sinter and its peers, in turn.

  --workload NAME  w1 or w2; may be repeated (both)
  --threads N      threads of each (as many as there are cores)
  --rounds N       turns of each, of which the median counts (7)
  --milliseconds N of a turn, about (600)
  --python FILE    a Python that has PyTorch (python3)
`;

/** Steps first of all, which all take from the same values: their losses must agree. */
const FIRST_ROUNDS = 1;
/** Relative difference of the mean loss of the first steps: float32 in another order. */
const CLOSE = 1e-3;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      workload: { type: 'string', multiple: true, default: ['w1', 'w2'] },
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
  const torch = versionOfTorch(python);
  if (torch === null) process.stdout.write(`${python} has no PyTorch: it takes no part\n`);
  for (const workload of values.workload) {
    const folder = await writeTask(workload);
    try {
      const runners = [sinter(folder, threads), ...jax(folder, threads)];
      if (torch !== null) runners.push(...pyTorch(folder, threads, python, torch));
      const rounds = await inTurn(runners, readTask(folder).batches, {
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
function jax(folder: string, threads: string): Runner[] {
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

/** A peer on one thread and on all: the better of the two is what Sinter is measured by. */
function byThreads(name: string, threads: string, command: (count: string) => Runner['command']): Runner[] {
  const counts = threads === '1' ? ['1'] : ['1', threads];
  return counts.map((count) => ({
    name: `${name}, ${count === '1' ? '1 thread' : `${count} threads`}`,
    command: command(count),
  }));
}

function versionOfTorch(python: string): string | null {
  const { status, stdout } = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : null;
}

/** What was measured, round by round. */
interface Rounds {
  /** Microseconds a step of each runner. */
  readonly times: ReadonlyMap<string, readonly number[]>;
  /** Nanoseconds from one thread to another and back. */
  readonly roundTrips: readonly number[];
}

/** Lets all take their turns. @throws Error where what they compute is not the same */
async function inTurn(
  runners: readonly Runner[],
  batches: number,
  options: { readonly rounds: number; readonly milliseconds: number },
): Promise<Rounds> {
  const running = runners.map((runner) => Running.start(runner));
  try {
    const losses: number[] = [];
    for (const one of running) losses.push((await one.take(FIRST_ROUNDS * batches)).loss);
    for (const [k, loss] of losses.entries())
      if (!(Math.abs(loss - Number(losses[0])) < CLOSE * Number(losses[0])))
        throw new Error(
          `${running[k]?.name} has a mean loss of ${loss}, ${running[0]?.name} of ${losses[0]}`,
        );
    const steps = new Map<Running, number>();
    for (const one of running) {
      // Twice: V8 compiles what is hot again, and the second time tells how many steps are a turn.
      await one.take(5 * batches);
      const { milliseconds } = await one.take(2 * batches);
      steps.set(one, batches * Math.max(1, Math.round((2 * options.milliseconds) / milliseconds)));
    }
    const samples = new Map<Running, number[]>(running.map((one) => [one, []]));
    const roundTrips: number[] = [];
    for (let round = 0; round < options.rounds; round++) {
      roundTrips.push(await roundTrip());
      for (const one of running) {
        const count = steps.get(one) ?? batches;
        const { milliseconds } = await one.take(count);
        samples.get(one)?.push((1000 * milliseconds) / count);
      }
    }
    return { times: new Map([...samples].map(([{ name }, values]) => [name, values])), roundTrips };
  } finally {
    for (const one of running) one.end();
  }
}

/**
 * Times, and Sinter's beside each: the median of the ratios within a round, whose turns the rest of the machine
 * disturbs alike, and the ratio of the least times, which it disturbs least.
 */
function table(workload: string, threads: string, { times, roundTrips }: Rounds): string {
  const own = times.get('Sinter') ?? [];
  const rows = [...times].map(([name, values]) => {
    const time = spread(values);
    const byRound = spread(own.map((value, round) => value / Number(values[round])));
    const ratios = `${byRound.median.toFixed(3).padStart(8)} ${(spread(own).least / time.least).toFixed(3).padStart(8)}`;
    return `  ${name.padEnd(28)} ${spreadText(time, 'µs', 0).padEnd(30)} ${ratios}`;
  });
  const head = `  ${'a step'.padEnd(28)} ${''.padEnd(30)}    Sinter   of the`;
  const more = `  ${''.padEnd(28)} ${''.padEnd(30)}    of it    least`;
  const trip = spreadText(spread(roundTrips), 'ns', 0);
  const title = `${workload}, ${threads} threads; from one thread to another and back: ${trip}`;
  return `${[title, head, more, ...rows].join('\n')}\n`;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
