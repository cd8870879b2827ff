import { beforeAll, describe, expect, test } from 'vitest';
import { mnist } from '../../examples/model.ts';
import type { WasmCompilation, WebGpuCompilation } from '../../src/compile.ts';
import { compileFor } from '../../src/compiled.ts';
import type { Considered } from '../../src/inspect/apart.ts';
import { explain } from '../../src/inspect/explain.ts';
import type { Look } from '../../src/inspect/look.ts';
import { lookOf } from '../../src/inspect/lookOf.ts';
import { hashOf, type Place, placeOf } from '../../web/panels/link.ts';
import { whyApart } from '../../web/panels/why.ts';

let compilation: WebGpuCompilation | WasmCompilation;
let look: Look;

beforeAll(async () => {
  compilation = await compileFor(mnist, 'webgpu');
  look = lookOf(compilation, { files: [{ name: 'model.ts', text: '' }] });
});

const node = (label: string) =>
  ({ kind: 'node', id: look.nodes.findIndex((one) => one.label === label) }) as const;

const bare = ({ move, from, to, taken }: Considered): Considered => ({ move, from, to, taken });

describe('why two are not one', () => {
  test('the page says what the command line says, in every entry', () => {
    const said = explain(compilation, 'hidden', 'output');
    expect(said.map(({ entry }) => entry)).toEqual(['train', 'predict']);
    for (const { entry, share, a, b, decisions, dependence } of said) {
      const shown = whyApart(look, entry, node('hidden'), node('output'));
      expect(shown).toMatchObject({ share, a, b, dependence: dependence.map(({ tensor }) => ({ tensor })) });
      expect(shown?.decisions.map(bare)).toEqual(decisions.map(bare));
    }
  });

  test('two dispatches: the shortest chain of tensors from the earlier to the later', () => {
    const apart = whyApart(
      look,
      'train',
      { kind: 'dispatch', dispatch: 2 },
      { kind: 'dispatch', dispatch: 0 },
    );
    expect(apart?.share).toBe('nothing');
    expect(apart?.dependence.map(({ tensor }) => tensor)).toEqual(['hidden']);
  });

  test('a node that nothing computes has no place, and so no answer', () => {
    expect(whyApart(look, 'train', node('x'), node('hidden'))).toBeUndefined();
  });
});

test('the address of a report holds a place, and leaves out what is not there', () => {
  const places: readonly Place[] = [
    {
      entry: 'predict',
      tab: 'time',
      picked: { kind: 'node', id: 3 },
      second: { kind: 'dispatch', dispatch: 1 },
    },
    { entry: 'train', picked: { kind: 'line', file: 'model.ts', line: 12 } },
    { picked: { kind: 'code', kernel: 'hidden', line: 40 } },
    { picked: { kind: 'buffer', name: 'a & b = "c"%' } },
  ];
  for (const place of places) expect(placeOf(`#${hashOf(place)}`, look)).toEqual(place);
  expect(placeOf('#entry=none&picked=node.99999&second=line.x', look)).toEqual({});
});
