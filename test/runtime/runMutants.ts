/** Starts and trains spoilt programs in a process of its own: a line before each and after it, so that a watchdog sees where it stands still. */
import { openGpu } from '../../src/node/index.ts';
import { checkProgram } from '../../src/runtime/check.ts';
import { start } from '../../src/runtime/index.ts';
import { start as startWasm, type WasmProgram } from '../../src/runtime/wasm/index.ts';
import { kinds, mutant, sound } from './mutants.ts';

const [, , wanted, ...seeds] = process.argv;
const kind = kinds.find((name) => name === wanted) ?? 'wasm';
const json = await sound(kind);
const gpu = kind === 'webgpu' ? (await openGpu({ target: 'software' })).gpu : undefined;

async function run(program: unknown): Promise<void> {
  checkProgram(program);
  const taken: never = program as never;
  const session = gpu ? await start(taken, { gpu }) : await startWasm(taken, { threads: 1 });
  try {
    const data = { x: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), label: Int32Array.of(0, 1, 2, 1, 0) };
    for await (const _ of session.train({ data, epochs: 2 }));
    await session.evaluate('predict', { data });
    await session.run('predict', { x: data.x.subarray(0, 4), label: data.label.subarray(0, 2) });
    await session.save();
  } finally {
    session.dispose();
  }
}

/** Bytes that a program says it needs, at most. */
function declared(program: unknown): number {
  const { buffers, memory }: Pick<WasmProgram, 'buffers'> & Partial<Pick<WasmProgram, 'memory'>> =
    Object(program);
  const arenas = buffers.state + buffers.temps + buffers.words + buffers.results;
  return Math.max(arenas, memory === undefined ? 0 : memory.bytes + memory.threadBytes);
}

/** The most bytes that the process has had in memory so far. */
const peak = (): number => 1024 * process.resourceUsage().maxRSS;

// What the first program of a process costs is not its own.
await run(JSON.parse(json));
for (const seed of seeds.map(Number)) {
  console.log(`begin ${seed}`);
  let outcome = 'ran';
  const { program } = mutant(json, seed);
  const before = peak();
  try {
    await run(program);
  } catch (error) {
    const isTyped =
      error instanceof Error &&
      'code' in error &&
      typeof error.code === 'string' &&
      /^(Device|Format|Input|Session|Training)Error$/.test(error.name);
    outcome = isTyped ? `typed ${error.name}` : `UNTYPED ${error instanceof Error ? error.stack : error}`;
  }
  const excess = peak() - before - 2 * declared(program);
  console.log(`end ${seed} ${Math.round(excess / 1e6)} ${outcome.replaceAll('\n', ' ')}`);
}
process.exit(0);
