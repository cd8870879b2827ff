import { describe, expect, test } from 'vitest';
import { checkProgram } from '../../src/runtime/check.ts';
import { start, type WasmProgram } from '../../src/runtime/wasm/index.ts';
import { linearModel } from './linearModel.ts';
import { assembled, linearWasm, tileText } from './linearWasm.ts';

const program = linearWasm();
/** A module of this format with a section that there is not. */
const BROKEN = Buffer.from([0, 97, 115, 109, 1, 0, 0, 0, 99, 1]).toString('base64');

const spoilt = (change: (program: Record<string, unknown>) => void): WasmProgram => {
  const copy = JSON.parse(JSON.stringify(program));
  change(copy);
  return copy;
};

describe('a program for WebAssembly', () => {
  test('survives JSON', () => {
    expect(() => checkProgram(JSON.parse(JSON.stringify(program)))).not.toThrow();
  });

  test.each<[string, WasmProgram, string]>([
    [
      'of another format',
      spoilt((p) => Object.assign(p, { format: 2 })),
      'program.format: expected 1, found 2',
    ],
    [
      'for another target',
      JSON.parse(JSON.stringify(linearModel)),
      'program.target: expected wasm, found "webgpu"',
    ],
    ['without a module', spoilt((p) => delete p.module), 'program.module: expected string, found undefined'],
    [
      'whose module is none',
      spoilt((p) =>
        Object.assign(p, { module: Buffer.from('<html><body></body></html>').toString('base64') }),
      ),
      'program.module: expected a WebAssembly module in base64, found "PGh0bWw+PGJvZHk+PC9i…"',
    ],
    [
      'whose module is no base64',
      spoilt((p) => Object.assign(p, { tiles: { ...program.tiles, strict: 'AGFzbQEAAAA*' } })),
      'program.tiles.strict: expected a WebAssembly module in base64, found "AGFzbQEAAAA*"',
    ],
    [
      'that lacks a field of a step',
      spoilt((p) =>
        Object.assign(p, { stepFields: program.stepFields.filter(({ name }) => name !== 'result') }),
      ),
      'program.stepFields[1]: expected result u32, found "batch i32"',
    ],
    [
      'with a field that nothing sets',
      spoilt((p) => Object.assign(p, { stepFields: [...program.stepFields, { name: 'zz', dtype: 'i32' }] })),
      `program.stepFields[${program.stepFields.length}]: expected no field, found "zz i32"`,
    ],
    [
      'with an output beyond the results',
      spoilt((p) => {
        const [name, entry] = Object.entries(program.entries)[0] ?? [];
        const outputs = entry?.outputs.map((output) => ({ ...output, offset: 1e9 }));
        Object.assign(p, { entries: { [name ?? '']: { ...entry, outputs } } });
      }),
      'outputs[0].offset: expected an end within',
    ],
    [
      'with a first value that is no number',
      spoilt((p) => {
        const state = program.state.map((slot) => ({
          ...slot,
          init: { kind: 'constant', value: Number.NaN },
        }));
        Object.assign(p, { state });
      }),
      'program.state[0].init.value: expected a number, found',
    ],
    [
      'whose arena lies where threads meet',
      spoilt((p) => Object.assign(p, { memory: { ...program.memory, state: 128 } })),
      'program.memory.state: expected a multiple of 64 from 192 on, found 128',
    ],
    [
      'whose arena is not aligned',
      spoilt((p) => Object.assign(p, { memory: { ...program.memory, temps: 388 } })),
      'program.memory.temps: expected a multiple of 64 from 384 on, found 388',
    ],
    [
      'whose arena reaches beyond its memory',
      spoilt((p) => Object.assign(p, { memory: { ...program.memory, bytes: 404 } })),
      'program.memory.bytes: expected 448 at least, found 404',
    ],
    [
      'whose state reaches beyond its arena',
      spoilt((p) => Object.assign(p, { state: [{ ...program.state[0], offset: 30 }] })),
      'program.state[0].offset: expected an end within 128 bytes, found 132',
    ],
    [
      'whose state lies in no arena',
      spoilt((p) => Object.assign(p, { state: [{ ...program.state[0], arena: 'temps' }] })),
      'program.state[0].arena: expected state|words, found "temps"',
    ],
    [
      'whose constant reaches beyond its arena',
      spoilt((p) =>
        Object.assign(p, {
          constants: [{ arena: 'words', offset: 14, words: Buffer.alloc(12).toString('base64') }],
        }),
      ),
      'program.constants[0].offset: expected an end within 64 bytes, found 68',
    ],
  ])('is refused: one %s', async (_, program, message) => {
    const started = start(program, { threads: 1 });
    await expect(started).rejects.toThrow(message);
    await expect(started).rejects.toMatchObject({ name: 'FormatError', code: 'program' });
  });

  test.each<[string, Partial<WasmProgram>, RegExp]>([
    ['does not compile', { module: BROKEN }, /^this engine does not compile the program: CompileError/],
    [
      'does not fit its tile',
      {
        tiles: { relaxed: BROKEN, strict: assembled(tileText('(f32.const 0)').replace('"tile"', '"other"')) },
      },
      /^the program's modules do not fit together: TypeError: the tiles export no tile/,
    ],
    [
      'exports nothing to call',
      { module: assembled('(module (import "sinter" "memory" (memory 1 65536 shared)))') },
      /^the program's modules do not fit together: TypeError: it exports no function play/,
    ],
  ])('says so where its module %s', async (_, change, message) => {
    for (const threads of [1, 2]) {
      const started = start({ ...program, ...change }, { threads });
      await expect(started).rejects.toThrow(message);
      await expect(started).rejects.toMatchObject({ name: 'DeviceError', code: 'shader' });
    }
  });

  test('runs the tile with relaxed instructions where the engine has them, and else the other', async () => {
    const initial = { w: [1, 1, 1], b: [0] };
    for (const threads of [1, 2]) {
      for (const [relaxed, value] of [
        [assembled(tileText('(f32.const 7)')), 7],
        [BROKEN, 6],
      ] as const) {
        const session = await start(
          { ...program, tiles: { ...program.tiles, relaxed } },
          { threads, initial },
        );
        const { value: found } = await session.run('predict', { x: [1, 2, 3] });
        expect([...(found?.data ?? [])]).toEqual([value]);
        session.dispose();
      }
    }
  });

  test('takes no option that there is not', async () => {
    const options = JSON.parse('{"device": {}}');
    await expect(start(program, options)).rejects.toThrow(
      'device: no such option; there are seed, initial, profile, threads',
    );
  });
});
