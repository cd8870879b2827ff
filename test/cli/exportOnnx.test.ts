import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeModel } from '../../src/onnx/index.ts';
import { sinter } from './run.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-cli-onnx-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('sinter export --format onnx', () => {
  test('writes an entry: its products are MatMul, its states are constants', async () => {
    const out = join(folder, 'w1.onnx');
    const args = ['export', 'bench/workloads.ts#w1', '--format', 'onnx', '--entry', 'predict', '--out', out];
    expect(await sinter(args)).toMatchObject({ code: 0, err: '' });
    const { producer, graph } = decodeModel(readFileSync(out));
    expect(producer).toMatch(/^sinter \d/);
    expect(graph.nodes.filter(({ op }) => op === 'MatMul')).toHaveLength(2);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
  });

  test('writes a training step by the ending of its path: states go in and come out', async () => {
    const out = join(folder, 'train.onnx');
    expect(await sinter(['export', 'bench/workloads.ts#w1', '--entry', 'train', '--out', out])).toMatchObject(
      {
        code: 0,
      },
    );
    const { graph } = decodeModel(readFileSync(out));
    const inputs = new Set(graph.inputs.map(({ name }) => name));
    const next = graph.outputs.flatMap(({ name }) => (name.endsWith('.next') ? [name.slice(0, -5)] : []));
    expect(next.length).toBeGreaterThan(0);
    expect(next.filter((name) => !inputs.has(name))).toEqual([]);
  });

  test('asks for an entry where there are several, and names them', async () => {
    const out = join(folder, 'none.onnx');
    const { code, err } = await sinter(['export', 'bench/workloads.ts#w1', '--out', out]);
    expect(code).toBe(2);
    expect(err).toMatch(/w1.* has several entries: pick one of .*"predict".* by --entry/);
    const unknown = await sinter(['export', 'bench/workloads.ts#w1', '--entry', 'nope', '--out', out]);
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.err).toContain('there is no entry "nope"; there are "train", "predict"');
  });
});
