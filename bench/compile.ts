/**
 * Measures how compiling grows with what is compiled, how soon a first step is done, and whether a step costs what it
 * touches, and prints tables.
 *
 *     npm run bench:compile -- --family mixed --target wasm --json
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { type TargetName, targetNames } from '../src/index.ts';
import { plain } from '../src/inspect/paint.ts';
import { table } from '../src/inspect/reportText.ts';
import { workloadOf } from './byName.ts';
import { type Family, families } from './growth/families.ts';
import { type Growth, measureGrowth } from './growth/measureCompile.ts';
import { measureRunning, type Ratio } from './growth/measureRunning.ts';
import { type Spread, spread, spreadText } from './spread.ts';

const HELP = `Measures growth: of compiling, of the first step, of steps.

  --family NAME    one of ${families.map(({ name }) => name).join(', ')}; may be repeated (all)
  --target T       one of ${targetNames.join(', ')}; may be repeated (webgpu and wasm)
  --first NAME     from the call of compile to the end of the first step, cold, on WebAssembly: a workload;
                   may be repeated (w1, w3, w5, w6 where nothing is asked for)
  --threads N      threads of the first step (2)
  --runs N         processes of a first step, of which the median counts (5)
  --steps          what a step takes as a part of another: looked-up tables, one row of a batch
  --json           print JSON

With none of --family, --first and --steps, all three.
`;

/** Seconds from the call of compile to the end of the first step: what is asked, cold, on two threads. */
const FIRST: Readonly<Record<string, number>> = { w1: 0.15, w3: 0.35, w5: 0.6, w6: 2 };

/** A first step, from the call of `compile`; milliseconds. */
interface FirstStep {
  readonly workload: string;
  readonly threads: number;
  readonly compiled: Spread;
  readonly started: Spread;
  readonly ended: Spread;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      family: { type: 'string', multiple: true, default: [] },
      target: { type: 'string', multiple: true, default: ['webgpu', 'wasm'] },
      first: { type: 'string', multiple: true, default: [] },
      threads: { type: 'string', default: '2' },
      runs: { type: 'string', default: '5' },
      steps: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const isAll = values.family.length === 0 && values.first.length === 0 && !values.steps;
  const say = (text: string): void => {
    if (!values.json) process.stdout.write(text);
  };
  const targets = values.target.map(targetOf);
  const growth: Growth[] = [];
  for (const family of isAll ? families : values.family.map(familyOf))
    for (const target of targets) {
      const measured = await measureGrowth(family, target);
      growth.push(measured);
      say(`${growthText(measured)}\n`);
    }
  const first: FirstStep[] = [];
  const threads = count('threads', values.threads);
  const runs = count('runs', values.runs);
  for (const workload of isAll ? Object.keys(FIRST) : values.first)
    first.push(await firstStep(workload, threads, runs));
  if (first.length > 0) say(`${firstText(first)}\n`);
  const steps = isAll || values.steps ? await measureRunning() : [];
  if (steps.length > 0) say(ratiosText(steps));
  if (values.json) process.stdout.write(`${JSON.stringify({ growth, first, steps }, null, 2)}\n`);
}

/** A workload's first step in processes of their own. */
async function firstStep(workload: string, threads: number, runs: number): Promise<FirstStep> {
  workloadOf(workload);
  const script = fileURLToPath(new URL('growth/firstStep.ts', import.meta.url));
  const times: number[][] = [];
  for (let run = 0; run < runs; run++) {
    // The flags of this process hold the loader of TypeScript.
    const argv = [...process.execArgv, script, workload, String(threads)];
    times.push(JSON.parse((await promisify(execFile)(process.execPath, argv)).stdout));
  }
  const at = (k: number): Spread => spread(times.map((of) => of[k] ?? Number.NaN));
  return { workload, threads, compiled: at(0), started: at(1), ended: at(2) };
}

function growthText({ family, counts, target, sizes, exponents, allowed }: Growth): string {
  const rows = sizes.map((of) => [
    String(of.size),
    of.declaring.toFixed(2),
    of.compiling.toFixed(2),
    String(of.characters),
    String(of.kernels),
    String(of.dispatches),
  ]);
  const heads = [counts, 'declaring, s', 'compiling, s', 'characters', 'kernels', 'dispatches'];
  const powers = `grows by the power ${exponents.time.toFixed(2)} in processor time, ${exponents.characters.toFixed(2)} in characters`;
  return lines([`${family} for ${target}: ${powers}; at most ${allowed} s`, ...table(heads, rows, plain)]);
}

function firstText(all: readonly FirstStep[]): string {
  const rows = all.map(({ workload, threads, compiled, started, ended }) => [
    workload,
    String(threads),
    spreadText(compiled, 'ms', 0),
    spreadText(started, 'ms', 0),
    spreadText(ended, 'ms', 0),
    FIRST[workload] === undefined ? '' : `${1000 * FIRST[workload]} ms`,
  ]);
  const heads = ['workload', 'threads', 'compiled after', 'started after', 'first step after', 'at most'];
  return lines(['from the call of compile, cold, on WebAssembly', ...table(heads, rows, plain)]);
}

function ratiosText(all: readonly Ratio[]): string {
  const rows = all.map(({ name, one, whole, ratio, allowed }) => [
    name,
    spreadText(one, 'µs', 0),
    spreadText(whole, 'µs', 0),
    ratio.toFixed(3),
    String(allowed),
  ]);
  return lines(['steps', ...table(['what', 'one', 'the other', 'ratio', 'at most'], rows, plain)]);
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}

function familyOf(name: string): Family {
  const found = families.find((family) => family.name === name);
  if (found === undefined) throw new RangeError(`--family ${JSON.stringify(name)} is not there; see --help`);
  return found;
}

function targetOf(name: string): TargetName {
  const found = targetNames.find((target) => target === name);
  if (found === undefined) throw new RangeError(`--target ${JSON.stringify(name)} is not there; see --help`);
  return found;
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`--${name} ${JSON.stringify(text)} is not a whole number from 1 on`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
