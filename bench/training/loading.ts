/**
 * What loading weights takes: seconds, and memory beside the session's own.
 *
 *     npx tsx bench/training/loading.ts [megabytes, 1024]
 *
 * One half of a file are states in their order, the other half kernels that are transposed. The session is on WebAssembly, whose
 * memory is a part of the process's.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, defineModule, nn } from '../../src/index.ts';
import { printHeader } from '../../src/weights/header.ts';

const megabytes = Number(process.argv[2] ?? 1024);
/** Each state has 2048 × 4096 elements: 32 MiB. */
const [rows, columns] = [2048, 4096];
const count = Math.max(2, Math.round(megabytes / 32));
const names = Array.from({ length: count }, (_, k) => `layer${k}.weight`);
const isTurned = (k: number): boolean => k % 2 === 1;

const module = defineModule('large', (m) => {
  const states = names.map((name) => m.state(name, { shape: [rows, columns], init: nn.init.constant(0) }));
  m.entry('sum', {
    sum: states.map((state) => state.slice([0, 0], [1, 1]).sum()).reduce((a, b) => a.add(b)),
  });
});
const folder = mkdtempSync(join(tmpdir(), 'sinter-loading-'));
const path = join(folder, 'large.safetensors');
const file = openSync(path, 'w');
const shapes = names.map((name, k) => {
  const shape = isTurned(k) ? [columns, rows] : [rows, columns];
  return [name, { dtype: 'F32', shape }] as const;
});
writeSync(file, printHeader(shapes, {}));
const values = new Float32Array(rows * columns).map((_, i) => i);
for (const _ of names) {
  const bytes = new Uint8Array(values.buffer);
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
closeSync(file);

const session = await (await compile(module, { target: 'wasm' })).start({ threads: 1 });
// The session's memory counts from here on: all of it has been written to.
let most = 0;
const before = process.memoryUsage.rss();
const watching = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss());
}, 5);
const cpu = process.cpuUsage();
const begin = performance.now();
const report = await session.loadWeights(path, { layout: 'pytorch' });
const seconds = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(cpu);
clearInterval(watching);
const turned = await session.read(names[1] ?? '');
if (turned.data[1] !== rows) throw new Error(`a kernel was not transposed: ${turned.data[1]}`);
session.dispose();
rmSync(folder, { recursive: true });
console.log(
  `${report.loaded.length} states, ${count * 32} MiB: ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of processors, ` +
    `at most ${((most - before) / 2 ** 20).toFixed(0)} MiB beside the session's own`,
);
