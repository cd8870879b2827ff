import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile, defineModule } from '../../src/index.ts';
import { checkProgram } from '../../src/runtime/format.ts';
import { type Program, start } from '../../src/runtime/index.ts';
import { start as startWasm } from '../../src/runtime/wasm/index.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { badInputSuite } from './badInputSuite.ts';
import { linearModel } from './linearModel.ts';
import { linearWasm } from './linearWasm.ts';
import { targets } from './targets.ts';

for (const target of targets) describe(`on ${target.name}`, () => badInputSuite(target));

let device: GPUDevice;
beforeAll(async () => {
  device = await freshDevice();
});
afterAll(() => device.destroy());

test.each([null, 7, 'text'])('%s does not pass for the options of a start', async (wrong) => {
  const options = wrong as unknown as undefined;
  const compiled = await compile(
    defineModule('sum', (m) => m.entry('sum', { sum: m.state('w', { shape: [3] }).sum() })),
    { target: 'wasm' },
  );
  for (const started of [
    start(linearModel, options),
    startWasm(linearWasm(), options),
    compiled.start(options),
  ])
    await expect(started).rejects.toMatchObject({ name: 'InputError', code: 'type', input: 'options' });
});

describe('a program that is none', () => {
  const spoilt = (change: (program: Record<string, unknown>) => void): Program => {
    const copy = JSON.parse(JSON.stringify(linearModel));
    change(copy);
    return copy;
  };

  test('survives JSON where it is one', () => {
    expect(() => checkProgram(JSON.parse(JSON.stringify(linearModel)))).not.toThrow();
  });

  test.each<[string, Program, string]>([
    ['another format', spoilt((p) => Object.assign(p, { format: 2 })), 'program.format: expected 1, found 2'],
    [
      'another target',
      spoilt((p) => Object.assign(p, { target: 'wasm' })),
      'program.target: expected webgpu, found "wasm"',
    ],
    ['nothing', JSON.parse('null'), 'program.format: expected 1, found undefined'],
    ['no kernels', spoilt((p) => delete p.kernels), 'program.kernels: expected list, found undefined'],
    [
      'a state without an offset',
      spoilt((p) => Object.assign(p, { state: [{ ...linearModel.state[0], offset: null }] })),
      'program.state[0].offset: expected count, found null',
    ],
    [
      'a state outside of its arena',
      spoilt((p) => Object.assign(p, { state: [{ ...linearModel.state[0], shape: [200_000_000] }] })),
      'program.state[0].offset: expected an end within 16 bytes, found 800000000',
    ],
    [
      'a state whose extents together are not a number',
      spoilt((p) =>
        Object.assign(p, { state: [{ ...linearModel.state[0], shape: [...Array(25).fill(2 ** 50), 0] }] }),
      ),
      'program.state[0].offset: expected an end within 16 bytes, found NaN',
    ],
    [
      'a given array outside of its arena',
      spoilt((p) =>
        Object.assign(p, {
          constants: [{ arena: 'state', offset: 8, words: Buffer.alloc(4).toString('base64') }],
        }),
      ),
      'program.constants[0].offset: expected an end within 16 bytes, found 36',
    ],
    [
      'other first values than its state has elements',
      spoilt((p) => {
        const init = { kind: 'values', words: Buffer.alloc(8).toString('base64') };
        Object.assign(p, { state: [{ ...linearModel.state[0], init }] });
      }),
      'program.state[0].init.words: expected 3 words, found 2',
    ],
    [
      'a type that is a name of every object',
      spoilt((p) => Object.assign(p, { inputs: [{ ...linearModel.inputs[0], dtype: 'toString' }] })),
      'program.inputs[0].dtype: expected f32|i32|u32|bool|u8, found "toString"',
    ],
    [
      'a text where a number is to be, though it is the name of the type',
      spoilt((p) => Object.assign(p, { params: [{ ...linearModel.params[0], initial: 'number' }] })),
      'program.params[0].initial: expected number, found "number"',
    ],
    [
      'live dimensions that are numbers',
      spoilt((p) => {
        const { predict } = linearModel.entries;
        const outputs = [{ ...predict?.outputs[0], live: [8] }];
        Object.assign(p, { entries: { predict: { ...predict, outputs } } });
      }),
      'program.entries.predict.outputs[0].live[0]: expected object, found 8',
    ],
    [
      'a step of a kernel that is not there',
      spoilt((p) =>
        Object.assign(p, {
          entries: { train: { ...linearModel.entries.train, steps: [{ kernel: 3, workgroups: 1 }] } },
        }),
      ),
      'program.entries.train.steps[0].kernel: expected a whole number below 3, found 3',
    ],
  ])('is refused: %s', async (_, program, message) => {
    const started = start(program, { device });
    await expect(started).rejects.toThrow(message);
    await expect(started).rejects.toMatchObject({ name: 'FormatError', code: 'program' });
  });
});
