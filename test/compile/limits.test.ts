import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { compile, DeviceError, defineModule, type Module, nn, ScheduleError } from '../../src/index.ts';
import { type Machine, machines, machineWith } from '../../src/machine/index.ts';

const { webgpu, 'webgpu-software': alone } = machines;

/** What compiling throws; null where it succeeds. */
async function thrown(compiling: () => unknown): Promise<unknown> {
  try {
    await compiling();
    return null;
  } catch (error) {
    return error;
  }
}

/** A module with a state of so many floats, whose sum is its output. */
function withState(elements: number): Module {
  return defineModule('large', (m) => {
    m.entry('run', { total: m.state('some table', { shape: [elements], init: nn.init.zeros() }).sum() });
  });
}

describe('a group whose every schedule needs more than the machine has', () => {
  const product = defineModule('product', (m) => {
    m.entry('run', { y: m.input('a', { shape: [64, 64] }).matmul(m.input('b', { shape: [64, 64] })) });
  });
  const map = defineModule('map', (m) => {
    m.entry('run', { y: m.input('a', { shape: [64, 64] }).relu() });
  });

  // A tile of one product has one sum, of four bytes.
  const tiny = machineWith(alone, { privateMemory: 2 });

  it('is refused at compile, with the limit, what it needs and what there is', async () => {
    const error = await thrown(() => compileModule(product, tiny));
    if (!(error instanceof ScheduleError)) throw error;
    expect(error).toMatchObject({
      code: 'limit',
      group: 'y',
      what: 'privateMemory',
      needed: 4,
      available: 2,
    });
    expect(error.message).toMatch(
      /^y: every schedule exceeds machine webgpu-software; of the smallest, it needs 4 bytes of an invocation's own memory, and there are 2 {2}at .*limits.test.ts:\d+/,
    );
  });

  it('leaves nothing behind: it compiles where there is more, and what needs less compiles there', async () => {
    expect(await thrown(() => compileModule(product, tiny))).toBeInstanceOf(ScheduleError);
    expect(await thrown(() => compileModule(product, alone))).toBeNull();
    expect(await thrown(() => compileModule(map, tiny))).toBeNull();
  });
});

describe('a buffer larger than a kernel can see', () => {
  const limits = (needed: number, { binding }: Machine) => ({
    name: 'binding',
    needed,
    available: binding,
  });

  it('is refused at compile: a state by its name, with its bytes, and where it would fit', async () => {
    const error = await thrown(() => compile(withState(2 ** 26), { target: 'webgpu' }));
    if (!(error instanceof DeviceError)) throw error;
    expect([error.code, error.limit]).toEqual(['limit', limits(2 ** 28, webgpu)]);
    expect(error.message).toBe(
      'state "some table" of module "large": 268435456 bytes in one buffer, and one of webgpu has 134217728: make the state smaller, or compile for wasm (4294967296 bytes)',
    );
    expect(await thrown(() => compile(withState(2 ** 25), { target: 'webgpu' }))).toBeNull();
    expect(await thrown(() => compile(withState(2 ** 26), { target: 'wasm' }))).toBeNull();
  });

  it('is one of every target where none has such a buffer', async () => {
    const error = await thrown(() => compile(withState(2 ** 30 + 2 ** 10), { target: 'webgpu-software' }));
    if (!(error instanceof DeviceError)) throw error;
    expect(error.message).toMatch(/and one of webgpu-software has 134217728: make the state smaller$/);
  });

  it.each([
    [
      'states together',
      'states and given arrays of floats',
      'make them smaller or fewer',
      (m: Parameters<Parameters<typeof defineModule>[1]>[0]) => {
        const [a, b] = [m.state('a', { shape: [200] }), m.state('b', { shape: [200] })];
        m.entry('run', { y: a.sum().add(b.sum()) });
      },
    ],
    [
      'temporaries',
      'temporaries of floats that are live at once',
      'make tensors or batches smaller',
      (m: Parameters<Parameters<typeof defineModule>[1]>[0]) => {
        const x = m.input('x', { shape: [20, 20] });
        m.entry('run', { y: x.matmul(x).matmul(x.matmul(x)).sum() });
      },
    ],
    [
      'outputs',
      'outputs of a step',
      'make outputs or batches smaller',
      (m: Parameters<Parameters<typeof defineModule>[1]>[0]) => {
        m.entry('run', { y: m.input('x', { shape: [400] }).exp() });
      },
    ],
    [
      'integers',
      'integers and bools that are kept or live at once',
      'make them smaller or fewer',
      (m: Parameters<Parameters<typeof defineModule>[1]>[0]) => {
        const [a, b] = [200, 200].map((n, k) => m.state(`s${k}`, { shape: [n], dtype: 'i32' }));
        if (a !== undefined && b !== undefined) m.entry('run', { y: a.add(b).sum() });
      },
    ],
  ] as const)('is refused as a whole: %s', async (_, what, remedy, build) => {
    const apart = new Set(['partition'] as const);
    const small = machineWith(webgpu, { binding: 1024 });
    const module = defineModule('many', build);
    const error = await thrown(() => compileModule(module, small, apart));
    if (!(error instanceof DeviceError)) throw error;
    expect(error.code).toBe('limit');
    expect(error.message).toContain(
      `the ${what} of module "many": ${error.limit?.needed} bytes in one buffer`,
    );
    expect(error.message).toContain(`: ${remedy}, or compile for webgpu (134217728 bytes)`);
    const larger = machineWith(webgpu, { binding: 8192 });
    expect(await thrown(() => compileModule(module, larger, apart))).toBeNull();
  });
});

describe('inputs that no batch of fits', () => {
  /** A module that sums its inputs, of so many elements each, by one entry for each. */
  const summing = (dtype: 'f32' | 'u8', ...elements: readonly number[]) =>
    defineModule('large', (m) => {
      const inputs = elements.map((n, k) =>
        m
          .input(`x${k}`, { shape: [n, 1000], dtype })
          .cast('f32')
          .sum(),
      );
      const [first, ...more] = inputs;
      if (first !== undefined) m.entry('run', { y: more.reduce((sum, x) => sum.add(x), first) });
    });

  it.each([
    [
      'a buffer is too small for one',
      summing('f32', 80_000),
      'webgpu',
      { name: 'binding', needed: 320_000_000, available: 134217728 },
      'input "x0" of module "large": 320000000 bytes in one buffer, and one of webgpu has 134217728: make inputs or batches smaller, or compile for wasm (4294967296 bytes)',
    ],
    [
      'a buffer is too small for all of an entry',
      summing('f32', 20_000, 20_000),
      'webgpu',
      { name: 'binding', needed: 160_000_000, available: 134217728 },
      'the inputs of entry "run" of module "large": 160000000 bytes in one buffer, and one of webgpu has 134217728: make inputs or batches smaller, or compile for wasm (4294967296 bytes)',
    ],
    [
      'WebAssembly cannot address one',
      summing('f32', 1_100_000),
      'wasm',
      { name: 'binding', available: 4294967296 },
      'input "x0" of module "large": 4400000000 bytes in one buffer beside ',
    ],
    [
      'a runtime does not count so far',
      summing('u8', 600_000),
      'wasm',
      { name: 'elements', needed: 600_000_000, available: 536870912 },
      'input "x0" of module "large": 600000000 elements in 600000000 bytes, and an input has at most 536870912 elements: make inputs or batches smaller',
    ],
  ] as const)('are refused at compile where %s', async (_, module, target, limit, text) => {
    const error = await thrown(() => compile(module, { target }));
    if (!(error instanceof DeviceError)) throw error;
    expect([error.code, error.limit]).toEqual(['limit', expect.objectContaining(limit)]);
    expect(error.message).toContain(text);
  });

  it('are not where they fit: by bytes where they are bytes, and by what one entry reads', async () => {
    expect(await thrown(() => compile(summing('u8', 80_000), { target: 'webgpu' }))).toBeNull();
    const apart = defineModule('apart', (m) => {
      for (const name of ['a', 'b'])
        m.entry(name, { y: m.input(`x_${name}`, { shape: [20_000, 1000] }).sum() });
    });
    expect(await thrown(() => compile(apart, { target: 'webgpu' }))).toBeNull();
  });
});
