import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkProgram, type Program, start } from '../../src/runtime/index.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { badInputSuite } from './badInputSuite.ts';
import { linearModel } from './linearModel.ts';
import { targets } from './targets.ts';

for (const target of targets) describe(`on ${target.name}`, () => badInputSuite(target));

let device: GPUDevice;
beforeAll(async () => {
  device = await freshDevice();
});
afterAll(() => device.destroy());

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
      'a step of a kernel that is not there',
      spoilt((p) =>
        Object.assign(p, {
          entries: { train: { ...linearModel.entries.train, steps: [{ kernel: 3, workgroups: 1 }] } },
        }),
      ),
      'program.entries.train.steps[0].kernel: expected a kernel below 3, found 3',
    ],
  ])('is refused: %s', async (_, program, message) => {
    const started = start(program, { device });
    await expect(started).rejects.toThrow(message);
    await expect(started).rejects.toMatchObject({ name: 'FormatError', code: 'program' });
  });
});
