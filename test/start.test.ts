import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { compileModule } from '../src/compile.ts';
import { compile, defineModule, nn, optim, start } from '../src/index.ts';
import { machines } from '../src/machine/index.ts';
import { needsRobustness } from '../src/start.ts';
import { softwareGpu } from './softwareAdapter.ts';

const line = defineModule('line', (m) => {
  const batch = m.size('batch', { max: 8 });
  const x = m.input('x', { shape: [batch, 1] });
  const y = m.input('y', { shape: [batch, 1] });
  const out = nn.dense(x, 1, { name: 'line' });
  const loss = nn.mse(out, y);
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
  m.entry('predict', { out });
});

test('fits a line on WGSL: started on a given GPU, trained, asked, disposed', async () => {
  const compiled = await compile(line, { target: 'webgpu-software' });
  const { gpu } = await softwareGpu();
  const session = await compiled.start({ seed: 1, gpu });
  const x = Float32Array.from({ length: 20 }, (_, k) => k / 20);
  const data = { x, y: x.map((v) => 3 * v - 1) };
  let last = Number.POSITIVE_INFINITY;
  for await (const { loss } of session.train({ data, epochs: 200, shuffle: true })) last = loss;
  expect(last).toBeLessThan(1e-3);
  const { out } = await session.run('predict', { x: [2] });
  expect(out?.shape).toEqual([1, 1]);
  expect(out?.data[0]).toBeCloseTo(5, 0);
  session.dispose();
});

test.each(['wasm', 'webgpu-software'] as const)('starts a program for %s out of JSON', async (target) => {
  const json = JSON.stringify((await compile(line, { target })).program);
  const options = target === 'wasm' ? { threads: 1 } : { gpu: (await softwareGpu()).gpu };
  const session = await start(JSON.parse(json), {
    ...options,
    initial: { 'line.weight': [2], 'line.bias': [1] },
  });
  const { out } = await session.run('predict', { x: [3] });
  expect([...(out?.data ?? [])]).toEqual([7]);
  session.dispose();
});

test('says what is left to do with what is on the way to a program', async () => {
  const compiled = compile(line, { target: 'wasm' });
  const others: readonly [unknown, string][] = [
    [await compiled, 'what compile returns: give its `program`, or call its `start`'],
    [compiled, 'a promise: await it'],
    [line, 'a module: compile it, and give the `program` of that'],
  ];
  for (const [other, found] of others) {
    const started = start(other as Parameters<typeof start>[0]);
    await expect(started).rejects.toMatchObject({
      name: 'FormatError',
      message: `program: expected a program, found ${found}`,
    });
  }
});

test('indices are checked as they are used, except where this process has proven them for software', () => {
  const { program } = compileModule(line, machines['webgpu-software']);
  expect(needsRobustness(program, undefined)).toBe(false);
  expect(needsRobustness(program, true)).toBe(true);
  // What a program says of itself is not what this process knows of it.
  const copy: typeof program = JSON.parse(JSON.stringify(program));
  expect(needsRobustness(copy, undefined)).toBe(true);
  expect(needsRobustness({ ...program }, undefined)).toBe(true);
  expect(needsRobustness(copy, false)).toBe(false);
  expect(() => Object.assign(program.kernels[0] ?? {}, { code: '' })).toThrow(TypeError);
  expect(needsRobustness(compileModule(line, machines.webgpu).program, undefined)).toBe(true);
});

test.each([undefined, true])(
  'opens a device without a check of indices, or with one: robustness %s',
  async (robustness) => {
    const compiled = await compile(line, { target: 'webgpu-software' });
    const options = robustness === undefined ? {} : { robustness };
    const session = await compiled.start({ ...options, initial: { 'line.weight': [2], 'line.bias': [1] } });
    const { out } = await session.run('predict', { x: [3] });
    expect([...(out?.data ?? [])]).toEqual([7]);
    session.dispose();
  },
);

test('robustness is for a device that a session for WebGPU opens', async () => {
  const { gpu } = await softwareGpu();
  const compiled = await compile(line, { target: 'webgpu-software' });
  await expect(compiled.start({ gpu, robustness: false })).rejects.toMatchObject({
    code: 'unknown',
    input: 'robustness',
  });
  const loose: boolean = JSON.parse('1');
  await expect(compiled.start({ robustness: loose })).rejects.toMatchObject({
    code: 'type',
    input: 'robustness',
  });
  const other = await compile(line, { target: 'wasm' });
  await expect(other.start({ robustness: true })).rejects.toMatchObject({ name: 'InputError' });
});

test.each([
  [
    'null',
    'program: expected an object, found null: give the `program` of what compile returns, or JSON of it',
  ],
  ['7', 'program: expected an object, found 7: give'],
  ['"{\\"format\\":1}"', 'program: expected an object, found text of 12 characters: JSON.parse it first'],
  ['[]', 'program.format: expected 1, found undefined'],
  ['{"format":1,"target":"metal"}', 'program.target: expected webgpu or wasm, found "metal"'],
  ['{"format":1}', 'program.target: expected webgpu or wasm, found undefined'],
])('refuses what is not a program: %s', async (json, message) => {
  const started = start(JSON.parse(json));
  await expect(started).rejects.toMatchObject({ name: 'FormatError', code: 'program' });
  await expect(started).rejects.toThrow(message);
});

test('checks programs whole, before anything is opened', async () => {
  const { program } = await compile(line, { target: 'webgpu-software' });
  const inputs = program.inputs.map((input) => ({ ...input, size: 'rows' }));
  const started = start(JSON.parse(JSON.stringify({ ...program, inputs })));
  await expect(started).rejects.toThrow('program.inputs[0].size');
});

test('says what a name of the session may have meant', async () => {
  const session = await (await compile(line, { target: 'wasm' })).start({ threads: 1 });
  await expect(session.run('predcit', { x: [1] })).rejects.toThrow(
    'predcit: no such entry (did you mean "predict"?); there are train, predict',
  );
  await expect(session.run('predict', { X: [1] })).rejects.toThrow('(did you mean "x"?)');
  await expect(session.read('line.wieght')).rejects.toThrow('(did you mean "line.weight"?)');
  await expect(async () => {
    // @ts-expect-error: an option that there is not
    await session.evaluate('predict', { data: { x: [1] }, size: {} });
  }).rejects.toThrow('(did you mean "sizes"?)');
  session.dispose();
});

test('needs nothing of the compiler in a bundle', async () => {
  const { metafile } = await build({
    stdin: { contents: "export { start } from './src/index.ts';", resolveDir: '.' },
    bundle: true,
    splitting: true,
    outdir: 'out',
    format: 'esm',
    platform: 'browser',
    write: false,
    metafile: true,
  });
  // What modules that are left out would load has chunks too: only those count to which imports lead.
  const reached = new Set(['out/stdin.js']);
  for (const path of reached) for (const to of metafile.outputs[path]?.imports ?? []) reached.add(to.path);
  const used = new Map(
    [...reached].flatMap((path) =>
      Object.entries(metafile.outputs[path]?.inputs ?? {}).map(([file, { bytesInOutput }]) => [
        file,
        bytesInOutput,
      ]),
    ),
  );
  expect(used.get('src/runtime/wasm/engine.ts')).toBeGreaterThan(0);
  const rooms =
    /^src\/(machine|schedule|fuse|plan|kernels|wgsl|wasm|program|passes|graph|loops|nn|optim|reference|check)\//;
  const ofCompiler = [...used].filter(([file]) => rooms.test(file));
  // esbuild loads a chunk of what two other chunks share, though nothing of it is used here.
  expect(ofCompiler.reduce((sum, [, bytes]) => sum + bytes, 0)).toBeLessThan(1000);
});
