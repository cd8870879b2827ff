import { expect, it } from 'vitest';
import { defineModule } from '../../src/graph/index.ts';
import { threefry } from '../../src/random/threefry.ts';
import { threefry as onHost } from '../../src/runtime/random.ts';
import { Dice } from '../oracle/dice.ts';
import { interpreted } from '../values/interpreted.ts';
import { reference } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { wgsl } from '../values/wgsl.ts';

/** Random123's `kat_vectors`, threefry2x32 of 20 rounds: counter, key, first word. */
const published = [
  [0, 0, 0, 0, 0x6b200159],
  [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc],
  [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xc4923a9c],
] as const;

const dice = new Dice(3);
const word = (): number => Math.floor(dice.unit() * 2 ** 32);
/** Blocks that the generator of first values makes too, which is another implementation. */
const others = Array.from({ length: 40 }, () => {
  const [counter0, counter1, key0, key1] = [word(), word(), word(), word()] as const;
  return [counter0, counter1, key0, key1, onHost(key0, key1, counter0, counter1, (a) => a)] as const;
});
const blocks = [...published, ...others];
const shape = [blocks.length];

const module = defineModule('threefry', (m) => {
  const [counter0, counter1, key0, key1] = ['c0', 'c1', 'k0', 'k1'].map((name) =>
    m.input(name, { shape, dtype: 'u32' }),
  );
  if (!counter0 || !counter1 || !key0 || !key1) throw new RangeError('four inputs');
  const all = threefry(key0, key1, counter0, counter1);
  const one = threefry(key0.select(0, 2), key1.select(0, 2), counter0.select(0, 2), counter1.select(0, 2));
  const ofOneKey = threefry(key0.select(0, 0), key1.select(0, 0), counter0, counter1);
  m.entry('run', { all, one, ofOneKey });
});

it.each([reference, interpreted('webgpu'), wasm(1), wgsl('webgpu-software')])(
  'on $name threefry gives the published words',
  async (target) => {
    const session = await target.start(module);
    const column = (k: number) => ({ shape, data: blocks.map((block) => block[k] ?? 0) });
    const inputs = { c0: column(0), c1: column(1), k0: column(2), k1: column(3) };
    const outputs = await session.step('run', { inputs });
    await session.dispose();
    expect(Array.from(outputs.all?.data ?? [])).toEqual(blocks.map((block) => block[4]));
    expect(Array.from(outputs.one?.data ?? [])).toEqual([0xc4923a9c]);
    expect(Array.from(outputs.ofOneKey?.data ?? [])).toEqual(
      blocks.map(([counter0, counter1]) => onHost(0, 0, counter0, counter1, (a) => a)),
    );
  },
);
