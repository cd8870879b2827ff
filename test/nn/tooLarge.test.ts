import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { type GraphIssue, ShapeError, type Tensor } from '../../src/graph/index.ts';
import { machines } from '../../src/machine/index.ts';
import * as nn from '../../src/nn/index.ts';
import { expectRefusal } from '../graph/refusal.ts';
import { moduleOf } from './layers.ts';

const FILE = 'tooLarge.test.ts';
const SHAPE = [2, 4, 8, 8];

describe('what indices of 32 bits do not reach', () => {
  it.each<[build: (x: Tensor) => Tensor, code: GraphIssue, text: string]>([
    [
      (x) => nn.conv2d(x, 2 ** 31, 3),
      'too-large',
      'state: "conv2d.weight": axis 0 of [2147483648, 4, 3, 3] has 2147483648 elements: there may be at most 2147418112',
    ],
    [
      (x) => nn.conv2d(x, 4, 3, { stride: 2 ** 31 }),
      'too-large',
      'conv2d: stride 2147483648 along axis 2 of [2, 4, 8, 8]: at most 2147418112',
    ],
    [
      (x) => nn.conv2d(x, 4, 3, { dilation: 2 ** 30 }),
      'too-large',
      'conv2d: the window spans 2147483649 along axis 2 of [2, 4, 8, 8]: at most 2147418112',
    ],
    [
      (x) => nn.maxPool2d(x, 3, { padding: 2 ** 31 }),
      'too-large',
      'maxPool2d: the padded axis has 4294967304 along axis 2 of [2, 4, 8, 8]: at most 2147418112',
    ],
    [
      (x) => nn.maxPool2d(x, 3, { padding: 1e9 }),
      'window',
      'maxPool2d: a window of 3 along axis 2 of [2, 4, 8, 8] meets padding alone: pad less than 1000000000 before, or less than 1000000000 after',
    ],
    [
      (x) => nn.convTranspose2d(x, 4, 3, { padding: [1e9, 1] }),
      'window',
      'convTranspose2d: paddings of 1000000000 and 1000000000 cut off all 10 elements along axis 2',
    ],
    [
      (x) => nn.resize(x, 2 ** 31 - 1, { method: 'bilinear' }),
      'too-large',
      'resize: axis 2 of 2147483647 takes a table of 2147483647 values: at most 16777216',
    ],
    [
      (x) => nn.adaptiveAvgPool2d(x, [2 ** 30 + 1, 8]),
      'too-large',
      'adaptiveAvgPool2d: axis 2 from 8 to 1073741825 takes a table of 1073741825 values: at most 16777216',
    ],
    [
      (x) => x.broadcastTo([2 ** 31, ...SHAPE]),
      'too-large',
      'expand: axis 0 of [2147483648, 2, 4, 8, 8] has 2147483648 elements: there may be at most 2147418112',
    ],
    [
      (x) => x.windows({ axes: [2], window: [3], low: [2 ** 31] }),
      'too-large',
      'windows: the padded axis has 2147483656 along axis 2 of [2, 4, 8, 8]: at most 2147418112',
    ],
  ])('is refused where it is written, before anything is made: %#', (build, code, text) => {
    expect(expectRefusal(() => moduleOf(SHAPE, build), code, text, FILE).code).toBe(code);
  });

  it('is refused as an input', () => {
    const text = 'input: "x": [65536, 4, 256, 256] has 17179869184 elements: there may be at most 2147418112';
    expect(() => moduleOf([65536, 4, 256, 256], (x) => x)).toThrow(text);
  });

  it.each<[name: string, build: (x: Tensor) => Tensor, text: string]>([
    ['pads', (x) => nn.conv2d(x, 4, 3, { padding: 1 << 14 }), 'y: it computes 8593080608 elements'],
    ['repeats', (x) => nn.resize(x, 1 << 16), 'y: it computes 34359738368 elements'],
    ['reduces', (x) => x.broadcastTo([1 << 24, ...SHAPE]).sum(), 'y: it reduces 8589934592 elements'],
  ])('is refused at the line of what %s, when it is compiled', (_name, build, text) => {
    const module = moduleOf(SHAPE, build);
    let thrown: unknown;
    try {
      compileModule(module, machines.webgpu);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ShapeError);
    expect(String(thrown)).toContain(`${text}: there may be at most 2147418112  at ${FILE}:`);
  });

  it('may stand in the graph where no kernel goes through it', () => {
    const module = moduleOf([1 << 12, 64], (x) =>
      x
        .expandDims(0)
        .broadcastTo([1 << 16, 1 << 12, 64])
        .slice([0, 0, 0], [2, 3, 4]),
    );
    expect(compileModule(module, machines.webgpu).entries.get('run')?.kernels).toHaveLength(1);
  });
});
