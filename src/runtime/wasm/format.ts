import { checkBase, fail } from '../format.ts';
import { elementCount } from '../init.ts';
import { LINE, THREAD_BYTES, type WasmProgram } from './program.ts';

/**
 * Says whether a value, from JSON say, is a program that this runtime can replay. Its modules are compiled by
 * `start` alone.
 *
 * @throws FormatError naming the first place that is not as it should be
 */
export function checkProgram(value: unknown): asserts value is WasmProgram {
  checkBase(value, 'wasm', {
    kernels: [{ name: 'string', code: 'string', packedBytes: 'count' }],
    module: 'string',
    tiles: { relaxed: 'string', strict: 'string' },
    memory: {
      state: 'count',
      words: 'count',
      temps: 'count',
      packed: 'count',
      bytes: 'count',
      threadBytes: 'count',
    },
  });
  const program = value as WasmProgram;
  const { module, tiles, memory, buffers, state, constants } = program;
  checkModule(module, 'program.module');
  checkModule(tiles.relaxed, 'program.tiles.relaxed');
  checkModule(tiles.strict, 'program.tiles.strict');
  for (const arena of ['state', 'words', 'temps'] as const) {
    const start = memory[arena];
    const place = `program.memory.${arena}`;
    // The first lines are the threads' own.
    if (start % LINE !== 0 || start < THREAD_BYTES)
      fail(place, `a multiple of 64 from ${THREAD_BYTES} on`, start);
    if (start + buffers[arena] > memory.bytes)
      fail(place, `${buffers[arena]} bytes before the end, ${memory.bytes}`, start);
  }
  const inside = (at: string, arena: string, end: number): void => {
    if (arena !== 'state' && arena !== 'words') fail(`${at}.arena`, 'state or words', arena);
    if (end > buffers[arena]) fail(`${at}.offset`, `an end within ${buffers[arena]} bytes`, end);
  };
  for (const [i, { arena, offset, shape, init }] of state.entries()) {
    inside(`program.state[${i}]`, arena, 4 * (offset + elementCount(shape)));
    for (const [name, part] of Object.entries(init)) {
      // JSON has no number that is none: it writes null.
      if (part === null || Number.isNaN(part)) fail(`program.state[${i}].init.${name}`, 'a number', part);
    }
  }
  for (const [i, { arena, offset, words }] of constants.entries())
    inside(`program.constants[${i}]`, arena, 4 * offset + 4 * Math.floor((3 * words.length) / 16));
  checkFields(program);
  checkOutputs(program);
}

/** @throws FormatError where a step would not be told what it reads, or is told it under another name */
function checkFields({ stepFields, sizes, inputs, params }: WasmProgram): void {
  const wanted = new Map([
    ['step', 'program'],
    ['result', 'program'],
  ]);
  for (const [i, { live, rows }] of sizes.entries()) {
    wanted.set(live, `program.sizes[${i}].live`);
    if (rows !== undefined) wanted.set(rows, `program.sizes[${i}].rows`);
  }
  for (const [i, { base }] of inputs.entries()) wanted.set(base, `program.inputs[${i}].base`);
  for (const [i, { field }] of params.entries()) wanted.set(field, `program.params[${i}].field`);
  const found = new Set(stepFields.map(({ name }) => name));
  for (const [name, of] of wanted)
    if (!found.has(name))
      fail('program.stepFields', `a field ${JSON.stringify(name)} (${of})`, [...found].join(', '));
  const stranger = stepFields.findIndex(({ name }) => !wanted.has(name));
  if (stranger >= 0)
    fail(
      `program.stepFields[${stranger}].name`,
      `one of ${[...wanted.keys()].join(', ')}`,
      stepFields[stranger]?.name,
    );
}

/** @throws FormatError where an output lies outside of what a step gives */
function checkOutputs({ entries, buffers }: WasmProgram): void {
  for (const [name, { outputs, resultWords }] of Object.entries(entries)) {
    const at = `program.entries.${name}`;
    if (4 * resultWords > buffers.results)
      fail(`${at}.resultWords`, `${buffers.results / 4} at most`, resultWords);
    for (const [i, { offset, shape }] of outputs.entries()) {
      const end = offset + elementCount(shape);
      if (end > resultWords) fail(`${at}.outputs[${i}].offset`, `an end within ${resultWords} words`, end);
    }
  }
}

/** What a module begins with, in base64: `\0asm` and version 1, but for the bits that the next byte shares. */
const MAGIC = 'AGFzbQEAA';

/** @throws FormatError */
function checkModule(text: string, at: string): void {
  const found = text.length > 20 ? `${text.slice(0, 20)}…` : text;
  if (!text.startsWith(MAGIC)) fail(at, 'a WebAssembly module in base64', found);
  try {
    atob(text);
  } catch {
    fail(at, 'a WebAssembly module in base64', found);
  }
}
