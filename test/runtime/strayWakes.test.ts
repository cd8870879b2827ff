import { describe, expect, test } from 'vitest';
import { compileToWasm } from '../../src/compileToWasm.ts';
import * as sinter from '../../src/index.ts';
import { start, type WasmProgram } from '../../src/runtime/wasm/index.ts';
import { OUT_OF_STEP } from '../../src/runtime/wasm/worker.ts';
import { assemble } from '../compile/bareWasm.ts';
import { linearData } from './linearModel.ts';
import { dawdle, linearWasm } from './linearWasm.ts';
import { digest, strayWakes, train, unevenData, unevenModel } from './strayWakes.ts';

const model = unevenModel(sinter);

/** The compiled program with a change in its module's text. */
function changed(from: string, to: string): WasmProgram {
  const change = (text: string): string => {
    if (text.split(from).length !== 2) throw new RangeError(`the module does not have ${from} once`);
    return text.replace(from, to);
  };
  // The tiles are modules too.
  return compileToWasm(model, (text) => assemble(text.includes('$barrier') ? change(text) : text)).program;
}

describe('wakes that no barrier sent', () => {
  test('let no thread of a program written by hand leave a barrier', async () => {
    const program = linearWasm({ thread: 1, instructions: dawdle });
    const { woken, calm, disturbed } = await strayWakes(start, program, linearData(61));
    expect(woken).toBeGreaterThanOrEqual(30);
    expect(disturbed).toBe(calm);
  });

  test('let no thread of a compiled program leave a barrier', async () => {
    const { program } = compileToWasm(model, assemble);
    const { woken, calm, disturbed } = await strayWakes(start, program, unevenData(61));
    expect(woken).toBeGreaterThanOrEqual(30);
    expect(disturbed).toBe(calm);
  });

  test('end the session where a barrier believes them', async () => {
    const program = changed('(br_if $again', '(drop');
    const trained = strayWakes(start, program, unevenData(61));
    await expect(trained).rejects.toMatchObject({ name: 'DeviceError', code: 'lost' });
    await expect(trained).rejects.toThrow(OUT_OF_STEP);
  });
});

test('threads may meet more often than 32 bits count', async () => {
  const passed = (count: number): string => `(global $passed (mut i32) (i32.const ${count}))`;
  const late = changed(passed(0), `${passed(-5)}\n(data (i32.const 64) "\\fb\\ff\\ff\\ff")`);
  expect(await trained(late)).toBe(await trained(compileToWasm(model, assemble).program));
});

/** SHA-256 of all states after eight steps on two threads. */
async function trained(program: WasmProgram): Promise<string> {
  const session = await start(program, { threads: 2, seed: 7 });
  await train(session, unevenData(61));
  const states = await digest(session);
  session.dispose();
  return states;
}
