import { expect, it, vi } from 'vitest';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { start } from '../../src/runtime/wasm/index.ts';
import { allocatedBytes } from '../compile/allocations.ts';
import { assemble } from '../compile/bareWasm.ts';
import { rows, small } from '../compile/smallModel.ts';

it('a long training on one thread of WebAssembly never grows memory, and makes less than a kilobyte of objects a step', async () => {
  const session = await start(compileToWasm(small, assemble).program, { threads: 1, seed: 1 });
  const [short, long] = [await session.dataset(rows(16 * 1000)), await session.dataset(rows(16 * 3000))];
  const train = async (data: typeof short): Promise<void> => {
    for await (const _ of session.train({ data, stepsPerSubmit: 100 }));
  };
  // Functions are compiled meanwhile; their first runs make more.
  for (let k = 0; k < 3; k++) await train(long);
  const grown = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
  const once = await allocatedBytes(() => train(short));
  const thrice = await allocatedBytes(() => train(long));
  expect(grown).not.toHaveBeenCalled();
  grown.mockRestore();
  // What an epoch or a start of training makes is in both.
  expect((thrice - once) / 2000).toBeLessThan(1024);
  session.dispose();
});
