import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { compile as assemble } from 'watr';

/**
 * What the processor's vectors of four floats can do through WebAssembly, in GFLOP/s: the most that was seen,
 * by instructions and by threads.
 */
export interface Peak {
  /** `f32x4.mul` and `f32x4.add`: one thread, and all that were asked for together. */
  readonly strict: readonly [one: number, all: number];
  /** `f32x4.relaxed_madd`, the same; null where the engine lacks it. */
  readonly relaxed: readonly [one: number, all: number] | null;
}

/** The better of the two ways on all threads, GFLOP/s. */
export function peakOf({ strict, relaxed }: Peak): number {
  return Math.max(strict[1], relaxed?.[1] ?? 0);
}

/**
 * Measures the peak. Twelve accumulators that do not depend on each other, which never leave registers: enough
 * to fill the pipelines of the arithmetic units, few enough for the registers that V8 has to give.
 *
 * @param threads 1 or more; those of a run work at the same time
 */
export async function measurePeak(threads: number): Promise<Peak> {
  const relaxedModule = peakModule(true);
  // Node 20 has it behind a flag, which later versions do not know: `src/runtime/wasm/modules.ts`.
  if (!WebAssembly.validate(relaxedModule)) setFlagsFromString('--experimental-wasm-relaxed-simd');
  const both = async (bytes: Uint8Array<ArrayBuffer>): Promise<readonly [number, number]> => {
    const module = await WebAssembly.compile(bytes);
    return [await together(module, 1), threads === 1 ? Number.NaN : await together(module, threads)];
  };
  const alike = ([one, all]: readonly [number, number]): readonly [number, number] =>
    threads === 1 ? [one, one] : [one, all];
  return {
    strict: alike(await both(peakModule(false))),
    relaxed: WebAssembly.validate(relaxedModule) ? alike(await both(relaxedModule)) : null,
  };
}

const ACCUMULATORS = 12;
const LANES = 4;
/** Turns of the loop in a call: about a millisecond. */
const TURNS = 500_000;
/** Calls of a thread, and how many of them count together: other work on the machine disturbs some. */
const CALLS = 600;
const WINDOW = 50;

/** A module that exports `run(turns)`: each turn one product and one sum in every lane of each accumulator. */
function peakModule(isRelaxed: boolean): Uint8Array<ArrayBuffer> {
  const names = Array.from({ length: ACCUMULATORS }, (_, k) => `$c${k}`);
  // The factor is below one and the values stay near one: none becomes infinite or subnormal.
  const step = (c: string): string =>
    isRelaxed
      ? `(f32x4.relaxed_madd (local.get ${c}) (local.get $x) (local.get $y))`
      : `(f32x4.add (f32x4.mul (local.get ${c}) (local.get $x)) (local.get $y))`;
  const text = `(module (func (export "run") (param $turns i32) (result f32)
    (local $x v128) (local $y v128) ${names.map((c) => `(local ${c} v128)`).join(' ')}
    (local.set $x (f32x4.splat (f32.const 0.5)))
    (local.set $y (f32x4.splat (f32.const 0.5)))
    ${names.map((c, k) => `(local.set ${c} (f32x4.splat (f32.const ${1 + k / 8})))`).join('\n    ')}
    (loop $next
      ${names.map((c) => `(local.set ${c} ${step(c)})`).join('\n      ')}
      (br_if $next (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (f32x4.extract_lane 0 ${names.map((c) => `(local.get ${c})`).reduce((a, b) => `(f32x4.add ${a} ${b})`)})))`;
  return new Uint8Array(assemble(text));
}

/** The sum of what some threads reach at the same time, GFLOP/s. */
async function together(module: WebAssembly.Module, threads: number): Promise<number> {
  const rates = await Promise.all(Array.from({ length: threads }, () => onThread(module)));
  return rates.reduce((sum, rate) => sum + rate, 0);
}

/** The best stretch of `WINDOW` calls on a thread, GFLOP/s. */
function onThread(module: WebAssembly.Module): Promise<number> {
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { module, turns, calls, window } = workerData;
    const { run } = new WebAssembly.Instance(module).exports;
    const ends = [performance.now()];
    for (let call = 0; call < calls; call++) { run(turns); ends.push(performance.now()); }
    let least = Infinity;
    for (let k = window; k < ends.length; k++) least = Math.min(least, ends[k] - ends[k - window]);
    parentPort.postMessage(least);`;
  const workerData = { module, turns: TURNS, calls: CALLS, window: WINDOW };
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, { eval: true, execArgv: [], workerData });
    worker.on('error', reject);
    worker.on('message', (milliseconds: number) => {
      const flops = 2 * LANES * ACCUMULATORS * TURNS * WINDOW;
      resolve(flops / milliseconds / 1e6);
    });
  });
}
