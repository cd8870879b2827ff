import { beforeAll, describe, expect, test } from 'vitest';
import { mnist } from '../../examples/model.ts';
import type { Look } from '../../src/inspect/look.ts';
import { litOf } from '../../web/panels/lit.ts';
import { placesOf } from '../../web/panels/places.ts';
import { lookAt } from './looks.ts';

let look: Look;

beforeAll(async () => {
  look = await lookAt(mnist, 'examples/model.ts');
});

function labelled(label: string): number {
  const node = look.nodes.find((one) => one.label === label);
  if (node === undefined) throw new RangeError(`no node ${label}`);
  return node.id;
}

function lineWith(text: string): number {
  return (look.files[0]?.text.split('\n').findIndex((line) => line.includes(text)) ?? -1) + 1;
}

describe('what was picked lights up', () => {
  test('a node: its line, the dispatches that compute it, their lines that do, and its tensor', () => {
    const hidden = labelled('hidden');
    const lit = litOf(look, 'train', { kind: 'node', id: hidden });
    expect([...lit.nodes]).toEqual([hidden]);
    expect([...lit.dispatches]).toEqual([0]);
    expect([...(lit.lines.get('model.ts') ?? [])]).toEqual([lineWith('nn.dense(x.cast')]);
    expect([...lit.buffers]).toEqual(['hidden']);
    const span = look.kernels.hidden?.spans[0];
    expect(lit.code.get('hidden')).toContain(span?.from);
  });

  test('a line of the source: every node that it built, and where they are computed', () => {
    const line = lineWith('nn.dense(x.cast');
    const lit = litOf(look, 'train', { kind: 'line', file: 'model.ts', line });
    expect(lit.nodes).toContain(labelled('hidden'));
    expect(lit.nodes).toContain(labelled('hidden.weight'));
    // Its gradients too: they are of the line.
    expect(lit.dispatches.size).toBe(3);
  });

  test('a line of a kernel: the loop that it is of, and back to the line of the source', () => {
    const hidden = litOf(look, 'train', { kind: 'node', id: labelled('hidden') });
    const [line = 0] = hidden.code.get('hidden') ?? [];
    const lit = litOf(look, 'train', { kind: 'code', kernel: 'hidden', line });
    expect(lit.nodes).toContain(labelled('hidden'));
    expect(lit.lines.get('model.ts')).toContain(lineWith('nn.dense(x.cast'));
    expect([...lit.dispatches]).toEqual([0]);
  });

  test('a dispatch: what it computes, reads and writes', () => {
    const lit = litOf(look, 'train', { kind: 'dispatch', dispatch: 0 });
    expect([...lit.nodes].sort()).toEqual([...(look.entries.train?.dispatches[0]?.computes ?? [])].sort());
    expect(lit.buffers).toContain('hidden.weight');
    expect(lit.buffers).toContain('hidden');
  });

  test('a buffer: the dispatches that touch it, and the node whose value it holds', () => {
    const lit = litOf(look, 'train', { kind: 'buffer', name: 'hidden' });
    expect([...lit.nodes]).toEqual([labelled('hidden')]);
    expect([...lit.dispatches]).toEqual([0, 1, 2]);
  });

  test('nothing, for what the entry does not have', () => {
    for (const picked of [
      { kind: 'node', id: 100_000 },
      { kind: 'line', file: 'other.ts', line: 3 },
      { kind: 'dispatch', dispatch: 99 },
      { kind: 'code', kernel: 'none', line: 1 },
      { kind: 'buffer', name: 'none' },
    ] as const) {
      const { nodes, dispatches, code, buffers } = litOf(look, 'train', picked);
      expect([nodes.size, dispatches.size, code.size, buffers.size]).toEqual([0, 0, 0, 0]);
    }
    expect(litOf(look, 'train', undefined).nodes.size).toBe(0);
  });

  test('both ways: what a node lights up lights it up, in every entry', () => {
    for (const entry of Object.keys(look.entries)) {
      for (const id of placesOf(look, entry).nodes) {
        const lit = litOf(look, entry, { kind: 'node', id });
        for (const name of lit.buffers)
          expect(litOf(look, entry, { kind: 'buffer', name }).nodes).toContain(id);
        for (const dispatch of lit.dispatches)
          expect(litOf(look, entry, { kind: 'dispatch', dispatch }).nodes).toContain(id);
        for (const [file, lines] of lit.lines)
          for (const line of lines)
            expect(litOf(look, entry, { kind: 'line', file, line }).nodes).toContain(id);
        for (const [kernel, lines] of lit.code) {
          // Lines of one loop stand for the same: the first is enough.
          const [line = 0] = lines;
          expect(litOf(look, entry, { kind: 'code', kernel, line }).dispatches.size).toBeGreaterThan(0);
        }
      }
    }
  });
});

test('an entry that is not there is an error that names those that are', () => {
  expect(() => litOf(look, 'test', { kind: 'node', id: 0 })).toThrow(
    'there is no entry "test": train, predict',
  );
});
