import { describe, expect, test } from 'vitest';
import { drawInputs } from '../../src/check/draws.ts';
import { compileModule } from '../../src/compile.ts';
import { defineModule, nn } from '../../src/index.ts';
import { machines } from '../../src/machine/index.ts';

const module = defineModule('inputs', (m) => {
  const rows = m.size('rows', { max: 100 });
  const pixels = m.input('pixels', { shape: [rows, 30], dtype: 'u8' });
  const floats = m.input('floats', { shape: [rows, 30] });
  const labels = m.input('labels', { shape: [rows], dtype: 'i32' });
  const flags = m.input('flags', { shape: [rows], dtype: 'bool' });
  const unused = m.input('unused', { shape: [rows] });
  m.entry('run', { y: floats.add(pixels.cast('f32')).takeAlongAxis(labels.expandDims(1), 1), flags });
  m.entry('other', { unused });
});
const slots = compileModule(module, machines.webgpu).program.inputs;
const draw = (seed: number, step: number): ReturnType<typeof drawInputs> =>
  drawInputs(module, 'run', slots, seed, step);

describe('drawn inputs', () => {
  test('lie in the range of their type and of their use as indices, and fill it', () => {
    const { pixels, labels, flags, floats } = draw(0, 0);
    const extremes = (data: ArrayLike<number> = []): number[] => [
      Math.min(...Array.from(data)),
      Math.max(...Array.from(data)),
    ];
    expect(extremes(pixels?.data)).toEqual([0, 255]);
    expect(extremes(labels?.data)).toEqual([0, 29]);
    expect(extremes(flags?.data)).toEqual([0, 1]);
    const values = Array.from(floats?.data ?? []);
    expect(values.every((x) => x === Math.fround(x))).toBe(true);
    expect(values.reduce((a, b) => a + b) / values.length).toBeCloseTo(0, 1);
    expect(values.reduce((a, b) => a + b * b, 0) / values.length).toBeCloseTo(1, 1);
    expect(pixels?.shape).toEqual([100, 30]);
  });

  test('are 0 and 1 where they are labels of two classes, whatever their type', () => {
    const binary = defineModule('binary', (m) => {
      const logits = m.input('logits', { shape: [50, 2] });
      const [a, b] = [m.input('a', { shape: [50] }), m.input('b', { shape: [100], dtype: 'u8' })];
      const losses = [
        nn.bceWithLogits(logits.select(1, 0), a),
        nn.focal(logits, b.cast('f32').reshape([50, 2])),
      ];
      m.entry('run', { loss: losses.reduce((x, y) => x.add(y)) });
    });
    const found = drawInputs(binary, 'run', compileModule(binary, machines.webgpu).program.inputs, 0, 0);
    for (const name of ['a', 'b'])
      expect(new Set(Array.from(found[name]?.data ?? []))).toEqual(new Set([0, 1]));
    expect(new Set(Array.from(found.logits?.data ?? [])).size).toBe(100);
  });

  test('are those that the entry reads', () => {
    expect(Object.keys(draw(0, 0))).toEqual(['pixels', 'floats', 'labels', 'flags']);
    expect(Object.keys(drawInputs(module, 'other', slots, 0, 0))).toEqual(['unused']);
  });

  test('are the same for a seed and a step, and others for another', () => {
    expect(draw(3, 1)).toEqual(draw(3, 1));
    expect(draw(3, 1).floats).not.toEqual(draw(3, 2).floats);
    expect(draw(3, 1).floats).not.toEqual(draw(4, 1).floats);
    expect(draw(3, 1).pixels).not.toEqual(draw(3, 2).pixels);
  });
});
