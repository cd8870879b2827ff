/**
 * Holds the model of time against measurement: runs the schedules that a handful of groups could have, one by one, and prints
 * what each was predicted to take, what it took, and how well the one orders the other.
 *
 *     npm run bench:candidates -- --target webgpu-software --seconds 60
 */
import { parseArgs } from 'node:util';
import { compileModule } from '../src/compile.ts';
import { predictionOf, priceOf, timeText } from '../src/fuse/price.ts';
import {
  compile,
  defineModule,
  type Module,
  machines,
  requestDevice,
  start,
  type TargetName,
  type Tensor,
  targetNames,
  type WebGpuTarget,
} from '../src/index.ts';
import { kernelOf } from '../src/kernels/build/packed.ts';
import { orderEvaluation } from '../src/kernels/orderEvaluation.ts';
import { extentOf } from '../src/loops/index.ts';
import { type Machine, machineWith } from '../src/machine/index.ts';
import { openGpu } from '../src/node/index.ts';
import { planBuffers } from '../src/plan/planBuffers.ts';
import { emitProgram } from '../src/program/emitProgram.ts';
import type { Program } from '../src/runtime/index.ts';
import { candidates } from '../src/schedule/candidates.ts';
import { timeOf } from '../src/schedule/groupTime.ts';
import { excessOf, resourcesOf } from '../src/schedule/resources.ts';
import { scheduleText } from '../src/schedule/text.ts';
import type { Time } from '../src/schedule/time.ts';
import { correlationText } from './correlation.ts';
import { spread } from './spread.ts';

const HELP = `Measures the schedules that groups could have, and compares them with the model of time.

  --target T     webgpu-software (the default), webgpu, or wasm, where each group has one schedule
  --seconds N    for all groups together (60)
  --most N       schedules of a group, spread over the predicted times (12)
`;

/** Runs of a schedule of which the median counts, and those before, of warming up. */
const RUNS = 5;
const WARMUP = 2;

/** @param keys declares an input of so many rows, each below `ROWS` */
type Build = (
  input: (name: string, ...shape: number[]) => Tensor,
  keys: (name: string, count: number) => Tensor,
) => Tensor;

const ROWS = 1000;

/** Groups of every kind, each a module with one output: products of several shapes, a reduction, a map, a row program, lists. */
const groups: Readonly<Record<string, Build>> = {
  'product 128 × 784 × 128': (input) => input('a', 128, 784).matmul(input('b', 784, 128)),
  'product 256 × 64 × 512': (input) => input('a', 256, 64).matmul(input('b', 64, 512)),
  'product 8 × 1024 × 512': (input) => input('a', 8, 1024).matmul(input('b', 1024, 512)),
  'transposed product 256 × 256 × 64': (input) =>
    input('a', 256, 256)
      .transpose()
      .matmul(input('b', 256, 64)),
  'largest of 1024 rows of 512': (input) => input('x', 1024, 512).max(1),
  'largest of 65536 rows of 8': (input) => input('x', 65536, 8).max(1),
  'map of 500,000 elements': (input) => input('x', 500, 1000).exp().add(1).log(),
  'softmax of 256 rows of a product': (input) =>
    input('a', 256, 64)
      .matmul(input('b', 64, 96))
      .softmax(),
  'sums of 200,000 values by row': (input, keys) =>
    input('values', 200_000).segmentSum(keys('rows', 200_000), ROWS),
};

/** A time of the model, and one by the clock, in microseconds. */
interface Pair {
  readonly label: string;
  readonly time: Time;
  readonly measured: number;
}

function moduleOf(name: string, build: Build): Module {
  return defineModule(name, (m) => {
    const keys = (name: string, count: number): Tensor => m.input(name, { shape: [count], dtype: 'i32' });
    m.entry('run', { y: build((input, ...shape) => m.input(input, { shape }), keys) });
  });
}

/** A dispatch of a module whose schedules can be tried: its number, and a program for each schedule. */
interface Trial {
  readonly dispatch: number;
  readonly schedules: readonly { readonly text: string; readonly time: Time; readonly program: Program }[];
}

/** Programs of a module, one for each of some schedules of the group that takes the longest by the model. */
function trialOf(module: Module, machine: Machine, most: number): Trial {
  const { storage, entries } = compileModule(module, machine);
  const { stages = [] } = entries.get('run') ?? {};
  const times = stages.map((stage) => predictionOf(stage, machine)?.micros ?? 0);
  const dispatch = times.indexOf(Math.max(...times));
  const [kept, ...others] = stages[dispatch]?.groups ?? [];
  if (kept === undefined || others.length > 0)
    throw new RangeError(`${module.name} packs groups on ${machine.name}`);
  const { schedule: _, ...group } = kept;
  const fitting = candidates(group, machine)
    .filter((schedule) => excessOf(resourcesOf(group, schedule, machine), machine) === null)
    .map((schedule) => ({ schedule, time: timeOf(group, schedule, machine) }))
    .sort((a, b) => a.time.micros - b.time.micros);
  const schedules = spreadOver(fitting, most).map(({ schedule, time }) => {
    const tried = stages.map((stage, k) => (k === dispatch ? { groups: [{ ...group, schedule }] } : stage));
    const kernels = tried.map((stage, k) => orderEvaluation(kernelOf(stage, machine, `trial${k}`).kernel));
    const layout = planBuffers([...storage.states.values()], new Map([['run', tried]]));
    const { program } = emitProgram(
      module,
      storage,
      new Map([['run', { stages: tried, kernels }]]),
      layout,
      machine.name,
    );
    return { text: scheduleText(schedule), time, program };
  });
  return { dispatch, schedules };
}

/** At most so many of a list, the first and the last among them, at equal distances. */
function spreadOver<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  return Array.from({ length: most }, (_, k) => all[Math.round((k * (all.length - 1)) / (most - 1))]).filter(
    (item) => item !== undefined,
  );
}

/** What an input is given: what its elements are does not matter to the clock, except that zeros might. */
function feedsOf(module: Module): Record<string, Float32Array | Int32Array> {
  return Object.fromEntries(
    module.inputs.map((node) => {
      const size = node.shape.reduce<number>((n, dim) => n * extentOf(dim), 1);
      return [
        String(node.attrs.name),
        node.dtype === 'i32'
          ? Int32Array.from({ length: size }, (_, k) => (k * 7919) % ROWS)
          : Float32Array.from({ length: size }, (_, k) => ((k * 7) % 13) / 13 + 0.1),
      ];
    }),
  );
}

/** Tries the schedules of all groups on the adapter at hand. @param until milliseconds, as `performance.now` counts */
async function onWebGpu(target: WebGpuTarget, most: number, until: number): Promise<void> {
  const gpu = await openGpu();
  const device = await requestDevice({ gpu: gpu.gpu, adapter: gpu.adapter });
  const all: Pair[] = [];
  process.stdout.write(`${target} on ${gpu.description}\n`);
  try {
    if (!device.features.has('timestamp-query'))
      throw new Error(`${gpu.description} has no timestamp queries`);
    for (const [name, build] of Object.entries(groups)) {
      const module = moduleOf(name, build);
      const pairs: Pair[] = [];
      const { dispatch, schedules } = trialOf(module, machines[target], most);
      for (const { text, time, program } of schedules) {
        if (performance.now() > until) break;
        const session = await start(program, { device, profile: 'dispatches' });
        for (let run = 0; run < WARMUP + RUNS; run++) await session.run('run', feedsOf(module));
        const micros = session.timings.get('run')?.[dispatch] ?? [];
        session.dispose();
        pairs.push({ label: text, time, measured: spread(micros.slice(-RUNS)).median });
      }
      print(name, pairs);
      all.push(...pairs);
    }
  } finally {
    device.destroy();
  }
  print('all', all, false);
}

/**
 * Times each group with the schedule that it has: tasks are cut in one way. On one thread, so that no thread waits for
 * another that something else holds up.
 */
async function onWasm(until: number): Promise<void> {
  const all: Pair[] = [];
  const machine = machineWith(machines.wasm, { cores: 1, resident: 1 });
  for (const [name, build] of Object.entries(groups)) {
    if (performance.now() > until) break;
    const compiled = await compile(moduleOf(name, build), { target: 'wasm' });
    const { stages = [] } = compiled.compilation.entries.get('run') ?? {};
    const session = await compiled.start({ threads: 1, profile: 'dispatches' });
    for (let run = 0; run < 4 * (WARMUP + RUNS); run++)
      await session.run('run', feedsOf(compiled.compilation.module));
    const columns = session.timings.get('run') ?? [];
    session.dispose();
    for (const [k, { groups: own }] of stages.entries()) {
      const [group] = own;
      const time = group === undefined ? null : priceOf(group, machine);
      if (time !== null)
        all.push({ label: name, time, measured: spread((columns[k] ?? []).slice(-RUNS)).median });
    }
  }
  print('wasm, one thread', all, true, false);
}

/** @param ofOne whether the pairs are schedules of one group, the one that the model takes first */
function print(name: string, pairs: readonly Pair[], each = true, ofOne = each): void {
  const lines = each
    ? pairs.map(
        ({ label, time, measured }) =>
          `  predicted ${timeText(time).padEnd(24)} measured ${measured.toFixed(1).padStart(9)} µs  ${label}`,
      )
    : [];
  const both = pairs.map(({ time, measured }) => ({ predicted: time.micros, measured }));
  process.stdout.write(
    `\n${[name, ...lines, `  ${correlationText(both)}`, ...(ofOne ? chosenLine(pairs) : [])].join('\n')}\n`,
  );
}

/** How far the schedule that the model takes is from the fastest. */
function chosenLine(pairs: readonly Pair[]): string[] {
  const [chosen, ...others] = pairs;
  if (chosen === undefined || others.length === 0) return [];
  const fastest = Math.min(...pairs.map(({ measured }) => measured));
  return [`  the first is what the model takes: ${(chosen.measured / fastest).toFixed(2)} times the fastest`];
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 1) return value;
  throw new RangeError(`--${name} ${JSON.stringify(text)} is not a whole number from 2 on`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', default: 'webgpu-software' },
      seconds: { type: 'string', default: '60' },
      most: { type: 'string', default: '12' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const target: TargetName | undefined = targetNames.find((name) => name === values.target);
  if (target === undefined)
    throw new RangeError(`--target ${JSON.stringify(values.target)} is not there; see --help`);
  const until = performance.now() + 1000 * count('seconds', values.seconds);
  await (target === 'wasm' ? onWasm(until) : onWebGpu(target, count('most', values.most), until));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
