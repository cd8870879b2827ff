import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFor } from '../../src/compiled.ts';
import type { Module } from '../../src/graph/index.ts';
import type { Look, LookNode } from '../../src/inspect/look.ts';
import { lookOf } from '../../src/inspect/lookOf.ts';

/** What the compiler makes of a module for WebGPU, beside the text of the file that it stands in. */
export async function lookAt(module: Module, file: string): Promise<Look> {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  const compilation = await compileFor(module, 'webgpu');
  return lookOf(compilation, { files: [{ name: basename(file), text: readFileSync(path, 'utf8') }] });
}

/** Nodes of a layer in {@link largeLook}. */
const LAYER = 90;

/**
 * A look like another one, over a graph of many nodes: each reads the one before and one of some way back; every other ninety
 * are of a layer. The dispatches of its entry `train` compute them by turns; they are those of the other look, again and again.
 *
 * @param dispatches how many there are; by default as many as there were
 */
export function largeLook(like: Look, count: number, dispatches?: number): Look {
  const { train } = like.entries;
  const report = like.report.entries.train;
  if (train === undefined || report === undefined) throw new RangeError('there is no entry train');
  const many = dispatches ?? train.dispatches.length;
  const nodes = Array.from({ length: count }, (_, id): LookNode => {
    const layer = Math.floor(id / LAYER);
    return {
      id,
      op: id === 0 ? 'input' : 'add',
      inputs: id === 0 ? [] : [id - 1, Math.max(0, id - 1 - (id % 37))],
      dtype: 'f32',
      shape: '[128, 128]',
      role: id === 0 ? 'data' : id < count / 2 ? 'forward' : 'backward',
      layer: layer % 2 === 0 ? [] : [`layer${layer}`],
      isMovement: false,
    };
  });
  const repeated = <T>(some: readonly T[]): T[] =>
    Array.from({ length: many }, (_, k) => some[k % some.length]).flatMap((one) => one ?? []);
  const computing = repeated(train.dispatches).map((dispatch, k) => ({
    ...dispatch,
    computes: nodes.filter(({ id }) => id > 0 && id % many === k).map(({ id }) => id),
  }));
  const reported = repeated(report.dispatches).map((dispatch, k) => ({
    ...dispatch,
    ...(k < report.dispatches.length ? {} : { name: `${dispatch.name}_${k}` }),
  }));
  const ids = nodes.map(({ id }) => id);
  const entry = { ...train, nodes: ids, outputs: { loss: count - 1 }, updates: {}, dispatches: computing };
  return {
    ...like,
    report: { ...like.report, entries: { train: { ...report, dispatches: reported } } },
    nodes,
    entries: { train: entry },
  };
}
