import { describe, expect, test, vi } from 'vitest';
import { compile, defineModule, nn, optim, UnknownNameError } from '../src/index.ts';

const line = defineModule('line', (m) => {
  const batch = m.size('batch', { max: 8 });
  const x = m.input('x', { shape: [batch, 1] });
  const y = m.input('y', { shape: [batch, 1] });
  const out = nn.dense(x, 1, { name: 'line' });
  const loss = nn.mse(out, y);
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
  m.entry('predict', { out });
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

  test('is its program where it is made JSON', async () => {
    const compiled = await compile(line, { target: 'wasm' });
    expect(JSON.stringify(compiled)).toBe(JSON.stringify(compiled.program));
  });
});
