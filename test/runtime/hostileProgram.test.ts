import { describe, expect, test } from 'vitest';
import { compile, defineModule, nn, optim } from '../../src/index.ts';
import { checkProgram } from '../../src/runtime/check.ts';

const module = defineModule('small', (m) => {
  const batch = m.size('batch', { max: 4 });
  const x = m.input('x', { shape: [batch, 2], dtype: 'f32' });
  const rate = m.param('rate', { initial: 0.1 });
  const values = nn.dense(x, 3, { name: 'd' });
  const loss = values.mean();
  m.entry('go', { loss, values, updates: optim.sgd({ lr: rate }).minimize(loss) });
});
const programs = {
  webgpu: (await compile(module, { target: 'webgpu-software' })).program,
  wasm: (await compile(module, { target: 'wasm' })).program,
};

/** A place in plain data by its path, `entries.go.outputs.0.live`, and what stands there. */
function put(data: unknown, path: string, change: (value: unknown) => unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  let at: unknown = data;
  for (const name of names) at = Reflect.get(Object(at), name);
  const value = change(Reflect.get(Object(at), last));
  if (value === undefined) Reflect.deleteProperty(Object(at), last);
  else Reflect.set(Object(at), last, value);
}

const twice = (list: unknown): unknown => (Array.isArray(list) ? [...list, list[1] ?? list[0]] : list);
const turned = (list: unknown): unknown => (Array.isArray(list) ? [...list].reverse() : list);
const other = (name: unknown): unknown => `${name}?`;

/** What is changed in a program, and where its error says that it is. */
const cases: readonly (readonly [string, (value: unknown) => unknown, string])[] = [
  ['name', () => 'a\nb', 'program.name'],
  ['state', twice, 'program.state[2].name'],
  ['inputs', twice, 'program.inputs[1].name'],
  ['params', twice, 'program.params[1].name'],
  ['sizes', twice, 'program.sizes[1].name'],
  ['stepFields', twice, 'program.stepFields['],
  ['stepFields', turned, 'program.stepFields[0]: expected step i32'],
  ['stepFields.1.dtype', () => 'f32', 'program.stepFields[1]: expected result u32, found "result f32"'],
  ['stepFields', (list) => (Array.isArray(list) ? list.slice(0, -1) : list), 'program.stepFields['],
  ['inputs.0.base', other, 'program.stepFields['],
  ['inputs.0.size', other, 'program.inputs[0].size'],
  ['inputs.0.size', () => 7, 'program.inputs[0].size'],
  ['inputs.0.shape', () => [], 'program.inputs[0].size'],
  ['inputs.0.shape', () => [4, 2 ** 40], 'program.inputs[0].shape: expected at most 536870912'],
  ['inputs.0.dtype', () => '__proto__', 'program.inputs[0].dtype'],
  ['inputs.0.range', () => [3, 3], 'program.inputs[0].range'],
  ['inputs.0.range', () => null, 'program.inputs[0].range'],
  ['sizes.0.max', () => 2 ** 50, 'program.sizes[0].max'],
  ['sizes.0.rows', () => 5, 'program.sizes[0].rows'],
  ['params.0.initial', () => null, 'program.params[0].initial'],
  ['params.0.dtype', () => 'u8', 'program.params[0].dtype'],
  ['state.0.shape.0', () => 1e9, 'program.state[0].offset'],
  ['state.0.offset', () => 2 ** 53, 'program.state[0].offset: expected count'],
  ['state', () => [], 'program.buffers.state: expected 0 bytes, as states take, found '],
  ['state', (list) => (Array.isArray(list) ? list.slice(1) : list), 'program.state[0].offset: expected 0, '],
  ['state', turned, 'program.state[0].offset: expected 0, where what is before it ends, found '],
  ['state.1.offset', (offset) => Number(offset) - 1, 'program.state[1].offset: expected '],
  ['state.1.offset', () => 0, 'program.state[1].offset: expected '],
  ['buffers.state', (bytes) => Number(bytes) + 64, 'program.buffers.state: expected '],
  [
    'constants',
    () => [{ arena: 'state', offset: 0, words: 'AAAAAA==' }],
    'program.constants[0].offset: expected ',
  ],
  ['state.0.arena', () => 'temps', 'program.state[0].arena'],
  ['state.0.init', () => ({ kind: 'toString' }), 'program.state[0].init.kind'],
  ['state.0.init', () => ({ kind: 'normal', mean: 0 }), 'program.state[0].init.deviation'],
  [
    'state.0.init',
    () => ({ kind: 'values', words: '*'.repeat(32) }),
    'program.state[0].init.words: expected base64',
  ],
  [
    'state.0.init',
    () => ({ kind: 'values', words: 'AAAA' }),
    'program.state[0].init.words: expected 6 words, found 0',
  ],
  ['constants', () => [{ arena: 'state', offset: 1e6, words: 'AAAA' }], 'program.constants[0].offset'],
  ['entries.go.steps.0.kernel', () => 99, 'program.entries.go.steps[0].kernel'],
  [
    'entries.go.steps.0.workgroups',
    () => 2 ** 31,
    'program.entries.go.steps[0].workgroups: expected at most 65535',
  ],
  ['entries.go.inputs', () => ['y'], 'program.entries.go.inputs[0]'],
  ['entries.go.resultWords', () => 1e6, 'program.entries.go.resultWords'],
  ['entries.go.resultWords', () => 0, 'program.entries.go.outputs[0].offset'],
  ['entries.go.outputs', twice, 'program.entries.go.outputs[2].name'],
  ['entries.go.outputs.0.live', () => undefined, 'program.entries.go.outputs[0].live: expected list'],
  ['entries.go.outputs.1.live', () => [], 'program.entries.go.outputs[1].live'],
  ['entries.go.outputs.1.live.0', () => 1, 'program.entries.go.outputs[1].live[0]'],
  ['entries.go.outputs.1.live.0.size', other, 'program.entries.go.outputs[1].live[0].size'],
  ['entries.go.outputs.1.live.0.factor', () => 2, 'program.entries.go.outputs[1].live[0].size'],
  ['entries', (entries) => ({ 'a\u0000b': Reflect.get(Object(entries), 'go') }), 'program.entries.a\u0000b'],
  ['buffers.state', () => -4, 'program.buffers.state'],
];

/** The same of the first dispatch's grid, which WebGPU alone has. */
const grids: typeof cases = [
  ['', () => 7, 'program.entries.go.steps[0].live: expected object, found 7'],
  ['.field', () => 1, 'live.field: expected the number of a field that holds a live extent, found 1'],
  ['.field', () => 3, 'live.field: expected the number of a field that holds a live extent, found 3'],
  ['.from', () => -1, 'live.from: expected count, found -1'],
  ['.from', () => 1, 'live: expected 1 workgroups of 4 elements, found 2'],
  ['.parts', () => 1, 'live.parts: expected list, found 1'],
  ['.parts.0', () => [1], 'live: expected 1 workgroups of 4 elements, found NaN'],
  ['.parts.0', () => [1, 0], 'live: expected 1 workgroups of 4 elements, found Infinity'],
  ['.parts.0', () => [2 ** 40, 1], 'live: expected 1 workgroups of 4 elements, found '],
  ['.parts.0.1', () => -2, 'live.parts[0][1]: expected count, found -2'],
  ['.parts.0.1', () => Number.NaN, 'live.parts[0][1]: expected count, found '],
];

test.each(grids)('a program whose grid has %s %o is refused', (path, change, message) => {
  const program: unknown = JSON.parse(JSON.stringify(programs.webgpu));
  put(program, `entries.go.steps.0.live${path}`, change);
  expect(() => checkProgram(program)).toThrow(
    expect.objectContaining({ name: 'FormatError', message: expect.stringContaining(message) }),
  );
});

describe('what a program from elsewhere tells its kernels of places', () => {
  const changed = (path: string, value: unknown): unknown => {
    const program: unknown = JSON.parse(
      JSON.stringify({
        ...programs.webgpu,
        places: { words: Array(128).fill(1), most: 4 },
      }),
    );
    put(program, path, () => value);
    return program;
  };

  test('may be there, and be named by a step', () => {
    expect(() => checkProgram(changed('entries.go.steps.0.places', 256))).not.toThrow();
  });

  test.each([
    ['places', undefined, 'program.places: expected object'],
    ['places.words.0', -1, 'program.places.words[0]: expected count'],
    ['places.words.0', 1e6, 'program.places.words[0]: expected at most'],
    ['places.most', 0, 'program.places.most: expected 4 to 16384 words, found 0'],
    ['places.most', 2 ** 20, 'program.places.most: expected 4 to 16384 words, found 1048576'],
    [
      'entries.go.steps.0.places',
      512,
      'steps[0].places: expected a multiple of 256, 4 words before the end of 128',
    ],
    ['entries.go.steps.0.places', 4, 'steps[0].places: expected a multiple of 256'],
    ['entries.go.steps.0.places', -1, 'program.entries.go.steps[0].places: expected count'],
    ['entries.go.steps.0.places', 'none', 'program.entries.go.steps[0].places: expected count'],
  ])('is refused where %s is %o', (path, value, message) => {
    expect(() => checkProgram(changed(path, value))).toThrow(
      expect.objectContaining({
        name: 'FormatError',
        code: 'program',
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe.each(['webgpu', 'wasm'] as const)('a program from elsewhere, for %s', (target) => {
  test('is one as it was compiled', () => {
    expect(() => checkProgram(JSON.parse(JSON.stringify(programs[target])))).not.toThrow();
  });

  test.each(cases)('is refused where %s is %o', (path, change, message) => {
    const program: unknown = JSON.parse(JSON.stringify(programs[target]));
    put(program, path, change);
    expect(() => checkProgram(program)).toThrow(
      expect.objectContaining({
        name: 'FormatError',
        code: 'program',
        message: expect.stringContaining(message),
      }),
    );
  });
});
