/**
 * Measures the workloads' training steps on the adapter at hand, and prints a table.
 *
 *     npm run bench -- --workload w1 --steps 200 --json
 */
import { parseArgs } from 'node:util';
import type { Module, ProfileName } from '../src/index.ts';
import { loadMnist, openGpu } from '../src/node/index.ts';
import { type Measurement, measure, type Spread } from './measure.ts';
import { w1, w2, w2Large } from './workloads.ts';

const workloads: Readonly<Record<string, Module>> = { w1, w2, 'w2-1024': w2Large };

const HELP = `Measures training steps.

  --workload NAME  one of ${Object.keys(workloads).join(', ')}; may be repeated (w1 and w2)
  --steps N        steps of a run (200; 20 on a software adapter)
  --runs N         runs, of which the median counts (5; 3 on a software adapter)
  --target T       auto, webgpu or webgpu-software (auto)
  --json           print JSON
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      workload: { type: 'string', multiple: true, default: ['w1', 'w2'] },
      steps: { type: 'string' },
      runs: { type: 'string' },
      target: { type: 'string', default: 'auto' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const isSoftware = await hasSoftwareOnly();
  const options = {
    steps: count('steps', values.steps, isSoftware ? 20 : 200),
    runs: count('runs', values.runs, isSoftware ? 3 : 5),
    warmup: isSoftware ? 20 : 200,
    target: targetOf(values.target),
  };
  const { train } = await loadMnist();
  const dataFor = (rows: number): Record<string, ArrayLike<number>> => ({
    x: repeated(train.images, 784 * rows),
    y: repeated(train.labels, rows),
  });
  const results: Measurement[] = [];
  for (const name of values.workload) {
    const module = Object.hasOwn(workloads, name) ? workloads[name] : undefined;
    if (module === undefined) throw new RangeError(`--workload ${name} is not there; see --help`);
    results.push(await measure(module, dataFor, options));
  }
  process.stdout.write(values.json ? `${JSON.stringify(results, null, 2)}\n` : tableOf(results));
}

async function hasSoftwareOnly(): Promise<boolean> {
  return (await openGpu()).kind === 'software';
}

/** Digits from the first on, over again where there are not enough. */
function repeated(values: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length);
  for (let at = 0; at < length; at += values.length) result.set(values.subarray(0, length - at), at);
  return result;
}

function tableOf(results: readonly Measurement[]): string {
  const lines: string[] = [];
  for (const m of results) {
    const { buffers, pipelines, bindGroups } = m.created;
    lines.push(
      `${m.workload} for ${m.target} on ${m.adapter}, ${m.steps} steps a run`,
      `  wall        ${spreadText(m.wall)} a step`,
      `  host        ${spreadText(m.host)} a step`,
      `  device      ${m.device === null ? 'no timestamp queries' : `${spreadText(m.device)} a step`}`,
      ...m.kernels.map(({ name, microseconds }) => `    ${microseconds.toFixed(1).padStart(10)} µs  ${name}`),
      `  dispatches  ${m.dispatches} a step`,
      `  API calls   ${m.calls.toFixed(2)} a step`,
      `  created     ${buffers} buffers, ${pipelines} pipelines, ${bindGroups} bind groups a step`,
      `  memory      peak ${m.peakBytes} bytes, lower bound ${m.lowerBoundBytes}`,
      `  compile     ${m.compileMilliseconds.toFixed(0)} ms, start ${m.startMilliseconds.toFixed(0)} ms`,
      '',
    );
  }
  return lines.join('\n');
}

function spreadText({ median, least, most }: Spread): string {
  return `${median.toFixed(1)} µs (${least.toFixed(1)} to ${most.toFixed(1)})`;
}

function count(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`--${name} ${JSON.stringify(text)} is no whole number from 1 on`);
}

function targetOf(text: string): 'auto' | ProfileName {
  const found = (['auto', 'webgpu', 'webgpu-software'] as const).find((name) => name === text);
  if (found === undefined) throw new RangeError(`--target ${JSON.stringify(text)} is not there; see --help`);
  return found;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
