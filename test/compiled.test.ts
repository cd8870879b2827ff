import { describe, expect, test, vi } from 'vitest';
import {
  compile,
  defineModule,
  type Feature,
  GraphError,
  MachineError,
  machineOf,
  machines,
  nn,
  optim,
  start,
  UnknownNameError,
} from '../src/index.ts';

const line = defineModule('line', (m) => {
  const batch = m.size('batch', { max: 8 });
  const x = m.input('x', { shape: [batch, 1] });
  const y = m.input('y', { shape: [batch, 1] });
  const out = nn.dense(x, 1, { name: 'line' });
  const loss = nn.mse(out, y);
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
  m.entry('predict', { out });
});

/** A machine with other cores, and a dispatch of another price. */
function other({ description }: (typeof machines)['webgpu'], cores: number) {
  const from = 'assumed: x';
  const numbers = {
    ...description.numbers,
    cores: { value: cores, unit: 'workgroups', from },
    resident: { value: 8 * cores, unit: 'workgroups', from },
    dispatch: { value: 7, unit: 'microseconds', from },
  };
  const { about: _, ...rest } = description;
  return machineOf({ ...rest, name: 'another', numbers });
}

describe('a program compiled for a machine', () => {
  const gpu = other(machines.webgpu, 20);
  const processor = other(machines.wasm, 64);

  test.each([
    ['webgpu', {}, gpu],
    ['webgpu', { target: 'auto' }, gpu],
    ['webgpu-software', { target: 'webgpu-software' }, gpu],
    ['wasm', {}, processor],
    ['wasm', { target: 'wasm' }, processor],
  ] as const)('runs on %s, by the numbers of the machine: %j', async (target, options, machine) => {
    const compiled = await compile(line, { ...options, machine });
    expect([compiled.target, compiled.compilation.machine]).toEqual([target, machine]);
    expect(compiled.summary().replaceAll('\n', ' ')).toContain(
      ' for machine another; a step is its kernels and 7 µs for each',
    );
    const { dispatches, predictedMicros } = compiled.entry('train');
    expect(predictedMicros).toBeGreaterThan(7 * dispatches.length);
  });

  test('starts where its target does', async () => {
    const session = await (await compile(line, { machine: processor })).start({ threads: 1 });
    const { out } = await session.run('predict', { x: [1, 2] });
    expect(out?.data).toHaveLength(2);
    session.dispose();
  });

  test.each([
    [{ target: 'wasm', machine: gpu }, 'features has no tasks, which target wasm runs: give target webgpu '],
    [{ target: 'webgpu', machine: processor }, 'features has tasks, which target webgpu does not run: give '],
    [{ machine: { ...gpu, cores: 3 } }, 'cores is 3, and its description says 20: change the description, '],
    [{ machine: { ...gpu, name: 'mine' } }, 'name is mine, and its description says another: '],
    [
      { machine: { ...gpu, features: new Set<Feature>() } },
      'features is none, and its description says barriers, partials',
    ],
  ] as const)(
    'is refused where the machine does not suit, or is not as described: %#',
    async (options, text) => {
      const error: unknown = await compile(line, options).catch((thrown: unknown) => thrown);
      if (!(error instanceof MachineError)) throw error;
      expect(error.message).toContain(`machine another: ${text}`);
    },
  );
});

describe('a compiled program', () => {
  test('needs no device for a named target, and survives JSON', async () => {
    const compiled = await compile(line, { target: 'webgpu' });
    expect(compiled.target).toBe('webgpu');
    expect(compiled.entries).toEqual(['train', 'predict']);
    expect(JSON.parse(JSON.stringify(compiled.program))).toEqual(compiled.program);
  });

  test('is the same each time', async () => {
    const texts = await Promise.all(
      [1, 2].map(async () => JSON.stringify((await compile(line, { target: 'webgpu' })).program)),
    );
    expect(texts[0]).toBe(texts[1]);
  });

  test('shows its dispatches and kernels by entry, and sums them up', async () => {
    const compiled = await compile(line, { target: 'webgpu-software' });
    const { dispatches, kernels } = compiled.entry('train');
    expect(dispatches[0]?.nodes.join('\n')).toContain('compiled.test.ts:');
    expect(kernels[0]?.code).toContain('@compute');
    expect(compiled.summary()).toMatch(/^line for webgpu-software: /);
    expect(compiled.summary()).toContain(`train: ${dispatches.length} dispatch`);
  });

  test('says which entries and targets there are, for a name that is none', async () => {
    const compiled = await compile(line, { target: 'webgpu' });
    expect(() => compiled.entry('trian')).toThrow(
      new UnknownNameError('entry', 'trian', ['train', 'predict']),
    );
    expect(() => compiled.entry('toString')).toThrow(
      /there is no entry "toString"; there are "train", "predict"/,
    );
    // A caller without types.
    const target: 'webgpu' = JSON.parse('"cuda"');
    await expect(compile(line, { target })).rejects.toThrow(
      /no target "cuda"; there are "auto", "webgpu", "webgpu-software"/,
    );
    const without: ['packStages'] = JSON.parse('["stagePacks"]');
    const bogus = compile(line, { target: 'webgpu', without });
    await expect(bogus).rejects.toThrow(UnknownNameError);
    await expect(bogus).rejects.toThrow(
      /no pass to leave out "stagePacks"; there are "alignAxes", .*"packStages"$/,
    );
  });

  test('says of which machine its times are, and what of a step is dispatches', async () => {
    const compiled = await compile(line, { target: 'webgpu' });
    const { dispatches, predictedMicros } = compiled.entry('train');
    expect(compiled.summary().split('\n').slice(1, 3)).toEqual([
      'times are predictions for machine webgpu (a large GPU); a step is its kernels',
      'and 2.2 µs for each dispatch',
    ]);
    expect(
      Math.max(
        ...compiled
          .summary()
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
    const { dispatchMicros } = compiled.report.machine;
    const kernels = dispatches.reduce((sum, { predicted }) => sum + predicted.micros, 0);
    expect(predictedMicros).toBeCloseTo(kernels + dispatches.length * dispatchMicros, 6);
  });

  test('explains what became of two nodes', async () => {
    const compiled = await compile(line, { target: 'webgpu' });
    const [first] = compiled.explain('line.weight', 'line.bias');
    expect(first?.entry).toBe('train');
    expect(['loop', 'group', 'dispatch']).toContain(first?.share);
  });

  test('prints its passes, decisions and kernels where SINTER_DEBUG names them', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    vi.stubEnv('SINTER_DEBUG', 'passes,decisions,kernels');
    try {
      await compile(line, { target: 'webgpu' });
      const text = printed.mock.calls.flat().join('\n');
      expect(text).toMatch(/^# train: lower gives loops, [\d.]+ ms/m);
      expect(text).toMatch(/^# train: decisions$/m);
      expect(text).toContain('@compute');
      printed.mockClear();
      vi.stubEnv('SINTER_DEBUG', 'nope, kernels');
      await compile(line, { target: 'webgpu' });
      expect(printed.mock.calls.flat().join('\n')).toMatch(
        /^SINTER_DEBUG has no topic nope; there are\n {2}passes: .*\n {2}decisions: .*\n {2}kernels: [\s\S]*@compute/,
      );
      printed.mockClear();
      vi.stubEnv('SINTER_DEBUG', ' ');
      await compile(line, { target: 'webgpu' });
      expect(printed).not.toHaveBeenCalled();
    } finally {
      vi.unstubAllEnvs();
      printed.mockRestore();
    }
  });

  test('refuses what is not a module, and options that are not there', async () => {
    // @ts-expect-error: a caller without types
    await expect(compile(undefined)).rejects.toThrow(
      'compile: expected a module of defineModule, found undefined',
    );
    // @ts-expect-error: a caller without types
    await expect(compile(line, 'wasm')).rejects.toThrow(
      `expected options, as in { target: 'wasm' }, found "wasm"`,
    );
    // @ts-expect-error: a caller without types
    await expect(compile(line, { targets: 'wasm' })).rejects.toThrow('there is no option "targets"');
    for (const target of [null, 5]) {
      // @ts-expect-error: a caller without types
      const compiled = compile(line, { target });
      await expect(compiled).rejects.toMatchObject({ name: 'UnknownNameError', code: 'unknown-name' });
      await expect(compiled).rejects.toThrow(`there is no target ${target}; there are "auto", `);
    }
    // @ts-expect-error: a caller without types
    await expect(compile(null)).rejects.toMatchObject({ name: 'GraphError', code: 'declaration' });
  });

  test('refuses in few words what is not a name, or a list of passes', async () => {
    const { webgpu } = machines;
    for (const [options, text] of [
      [{ target: webgpu }, '"wasm" as target, found object; a machine is an option of its own, { machine }'],
      [{ target: {} }, 'expected one of "auto", "webgpu", '],
      [
        { without: 'partition' },
        `expected a list of passes, as in { without: ['partition'] }, found "partition"`,
      ],
      [{ without: null }, 'expected a list of passes'],
    ] as const) {
      // @ts-expect-error: a caller without types
      const error: unknown = await compile(line, options).catch((thrown: unknown) => thrown);
      if (!(error instanceof GraphError)) throw error;
      expect([error.code, error.message]).toEqual(['option', expect.stringContaining(text)]);
      expect(error.message.length).toBeLessThan(200);
    }
    // @ts-expect-error: a caller without types
    await expect(compile(line, { without: [{}] })).rejects.toThrow('there is no pass to leave out object; ');
  });

  test('refuses what is not a machine as a machine that cannot be', async () => {
    for (const [machine, text] of [
      ['webgpu', 'found "webgpu", which is not a machine: give what machineOf makes, or one of machines'],
      [null, 'found null, which is not a machine'],
      [{ cores: 3 }, 'found object, which is not a machine'],
      [machines.webgpu.description, 'found a description itself: give machineOf(description)'],
    ] as const) {
      // @ts-expect-error: a caller without types
      const compiled = compile(line, { machine });
      await expect(compiled).rejects.toBeInstanceOf(MachineError);
      await expect(compiled).rejects.toThrow(`a machine: description is missing: ${text}`);
    }
  });

  test('is its program where it is made JSON', async () => {
    const compiled = await compile(line, { target: 'wasm' });
    expect(JSON.stringify(compiled)).toBe(JSON.stringify(compiled.program));
  });
});

describe('given values that are many', () => {
  const table = Float32Array.from({ length: 1025 }, (_, i) => (i === 7 ? Number.NaN : i / 3));
  const module = defineModule('given', (m) => {
    const large = m.state('large', { shape: [1025], init: nn.init.values(table) });
    const small = m.state('small', { shape: [3], init: nn.init.values([1, 2, 3]) });
    m.entry('run', { sum: small.sum(), first: large.slice([0], [8]) });
  });

  test.each(['wasm', 'webgpu-software'] as const)(
    'lie beside a program for %s, which its own start gives them',
    async (target) => {
      const compiled = await compile(module, { target });
      expect(JSON.stringify(compiled.program)).not.toContain(
        Buffer.from(table.buffer).toString('base64').slice(64, 128),
      );
      expect(Object.keys(compiled.weights)).toEqual(['large']);
      expect(compiled.weights.large).toEqual(table);
      const session = await compiled.start();
      expect((await session.read('large')).data).toEqual(table);
      expect((await session.read('small')).data).toEqual(Float32Array.of(1, 2, 3));
      session.dispose();
      // What a caller gives comes before them.
      const ones = new Float32Array(1025).fill(1);
      const other = await compiled.start({ initial: { large: ones } });
      expect((await other.read('large')).data).toEqual(ones);
      other.dispose();
    },
  );

  test('are decoded when they are read, all at once', async () => {
    const { weights } = await compile(module, { target: 'wasm' });
    expect(Object.getOwnPropertyDescriptor(weights, 'large')?.get).toBeTypeOf('function');
    // A loop over elements does not decode them all for each.
    expect(weights.large).toBe(weights.large);
    expect({ ...weights }).toEqual({ large: table });
  });

  test.each(['wasm', 'webgpu-software'] as const)(
    'are asked for where a program for %s out of JSON starts without them',
    async (target) => {
      const { program, weights } = await compile(module, { target });
      const copy = JSON.parse(JSON.stringify(program));
      await expect(start(copy)).rejects.toMatchObject({
        name: 'InputError',
        code: 'missing',
        input: 'large',
        message: expect.stringMatching(/^large: .*initial/s),
      });
      const session = await start(copy, { initial: weights });
      expect((await session.read('large')).data).toEqual(table);
      session.dispose();
    },
  );
});

test('a tensor of as many dimensions as there may be compiles and runs', async () => {
  const module = defineModule('deep', (m) => {
    const x = m.input('x', { shape: [...Array(62).fill(1), 2, 3] });
    m.entry('main', { sum: x.mul(2).sum(), rows: x.sub(x.mean(63, { keepDims: true })) });
  });
  const session = await (await compile(module, { target: 'wasm' })).start({ threads: 1 });
  const { sum, rows } = await session.run('main', { x: [1, 2, 3, 4, 6, 8] });
  expect([sum?.data, rows?.data].map((data) => [...(data ?? [])])).toEqual([[48], [-1, 0, 1, -2, 0, 2]]);
  session.dispose();
});
