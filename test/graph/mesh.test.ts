import { describe, expect, it } from 'vitest';
import {
  defineModule,
  type Module,
  type ModuleBuilder,
  parseModule,
  printModule,
  type Tensor,
  verifyModule,
} from '../../src/graph/index.ts';
import { resized } from '../../src/graph/resize.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import { expectRefusal, untyped } from './refusal.ts';

const FILE = 'mesh.test.ts';

/** A classifier, of which the rows lie along `data` and the hidden units along `model`. */
function spread(): Module {
  return defineModule('spread', (m) => {
    m.mesh({ data: 4, model: 2 });
    const batch = m.size('batch', { max: 8 });
    const x = m.shard(m.input('x', { shape: [batch, 6] }), ['data', null]);
    const y = m.shard(m.input('y', { shape: [batch], dtype: 'i32' }), ['data']);
    const hidden = nn.dense(x, 10, { activation: 'relu', name: 'hidden' });
    m.shard('hidden.weight', [null, 'model']);
    const loss = nn.crossEntropy(nn.dense(hidden, 3, { name: 'output' }), y);
    m.entry('train', { loss, updates: optim.adam({ lr: 1e-3 }).minimize(loss) });
  });
}

const byName = ({ shardings }: Module): Record<string, unknown> =>
  Object.fromEntries([...shardings].map(([node, sharding]) => [node.label, sharding]));

describe('a mesh of devices', () => {
  it('is data of the module, as are the shardings of its inputs and states', () => {
    const module = spread();
    expect(module.mesh).toEqual({
      axes: [
        { name: 'data', size: 4 },
        { name: 'model', size: 2 },
      ],
    });
    expect(byName(module)).toMatchObject({
      x: ['data', null],
      y: ['data'],
      'hidden.weight': [null, 'model'],
    });
    const none = defineModule('none', (m) => {
      m.entry('run', { y: m.input('x', { shape: [2] }) });
    });
    expect([none.mesh, none.shardings.size]).toEqual([undefined, 0]);
  });

  it('spreads what an optimizer keeps of a state as the state is', () => {
    expect(byName(spread())).toEqual({
      x: ['data', null],
      y: ['data'],
      'hidden.weight': [null, 'model'],
      'hidden.weight.m': [null, 'model'],
      'hidden.weight.v': [null, 'model'],
    });
  });

  it('gives back what it shards, of the same type', () => {
    defineModule('typed', (m) => {
      m.mesh({ data: 2 });
      const x = m.input('x', { shape: [2, 3], dtype: 'i32' });
      const same: Tensor<'i32'> = m.shard(x, ['data', null]);
      expect(same).toBe(x);
      m.entry('run', { x });
    });
  });

  it('is kept by the text form', () => {
    const text = printModule(spread());
    expect(text).toContain('\nmesh data=4, model=2\n');
    expect(text).toMatch(/\n\nshard %\d+ \["data", null\]\nshard %\d+ \["data"\]\n/);
    const again = parseModule(text);
    expect(printModule(again)).toBe(text);
    expect([again.mesh, byName(again)]).toEqual([spread().mesh, byName(spread())]);
    expect(() => parseModule(text.replace('"data", null', '"data", nil'))).toThrow(
      'expected a text in quotes',
    );
    expect(() => parseModule(text.replace('data=4', 'data=3'))).toThrow(
      'shard: "x": dimension 0 is batch<=8, which the 3 devices of axis "data" do not divide',
    );
    expect(() => parseModule(text.replace(/\nmesh.*/, ''))).toThrow('shard: there is no mesh');
  });

  it('stays with a module of other maxima', () => {
    const more = resized(spread(), { batch: 16 });
    verifyModule(more);
    expect([more.mesh, byName(more)]).toEqual([spread().mesh, byName(spread())]);
    expect(() => verifyModule(resized(spread(), { batch: 6 }))).toThrow(
      '"x": dimension 0 is batch<=6, which',
    );
  });

  it('is verified', () => {
    const module = spread();
    const stranger = [...spread().shardings];
    expect(() => verifyModule({ ...module, shardings: new Map(stranger) })).toThrow(
      'shard: x (input f32[batch<=8, 6]) is not an input or a state of the module',
    );
  });

  it('is shown with its module', () => {
    const shown = Symbol.for('nodejs.util.inspect.custom');
    const print: unknown = Reflect.get(spread(), shown);
    if (typeof print !== 'function') throw new TypeError('a module shows itself');
    const text: unknown = Reflect.apply(print, spread(), [2, { depth: 2 }]);
    expect(text).toContain('  mesh: data=4, model=2\n  sharded: x ["data", null], y ["data"], hidden.weight');
  });

  const refusals: readonly [
    build: (m: ModuleBuilder, x: Tensor, w: Tensor) => unknown,
    code: 'mesh' | 'sharding' | 'other-graph' | 'operands' | 'name',
    text: string,
  ][] = [
    [(m) => m.mesh({ data: 2 }), 'mesh', 'mesh: the module has a mesh already: data=4, model=2'],
    [
      (m, x) => m.shard(x.add(1), ['data', null]),
      'sharding',
      'shard: takes an input or a state, not %5 (add f32[batch<=8, 6])',
    ],
    [
      (m, x) => m.shard(x, ['dat', null]),
      'sharding',
      'shard: "x": dimension 0: there is no axis "dat" (did you mean "data"?): the axes are data, model',
    ],
    [
      (m, x) => m.shard(x, untyped([0, null])),
      'sharding',
      'shard: "x": dimension 0: there is no axis 0: the axes are data, model',
    ],
    [
      (m, x) => m.shard(x, ['data', 'data']),
      'sharding',
      'shard: "x": axis "data" stands twice, for dimensions 0 and 1: an axis spreads one',
    ],
    [
      (m, x) => m.shard(x, ['data']),
      'sharding',
      'shard: "x" has 2 dimensions: a sharding has an axis or null for each, not ["data"]',
    ],
    [
      (m, x) => m.shard(x, untyped('data')),
      'sharding',
      'shard: "x" has 2 dimensions: a sharding has an axis or null for each, not "data"',
    ],
    [
      (m, _x, w) => m.shard(w, ['data', 'model']),
      'sharding',
      'shard: "w": dimension 0 is 6, which the 4 devices of axis "data" do not divide',
    ],
    [
      (m, x) => m.shard(m.shard(x, ['data', null]), [null, null]),
      'sharding',
      'shard: x (input f32[batch<=8, 6]) is sharded twice: it is ["data", null]',
    ],
    [
      (m) => m.shard('xx', [null, 'model']),
      'sharding',
      'shard: there is no input or state "xx" yet: there are x, w',
    ],
    [(m) => m.shard(untyped(1), []), 'operands', 'shard: takes a tensor, not 1'],
  ];
  it.each(refusals)('refuses what cannot be spread: %#', (build, code, text) => {
    const wrong = (): unknown =>
      defineModule('wrong', (m) => {
        m.mesh({ data: 4, model: 2 });
        const batch = m.size('batch', { max: 8 });
        const x = m.input('x', { shape: [batch, 6] });
        const w = m.state('w', { shape: [6, 2] });
        m.entry('run', { y: x.matmul(w) });
        build(m, x, w);
      });
    expectRefusal(wrong, code, text, FILE);
  });

  const meshes: readonly [sizes: unknown, code: 'mesh' | 'name', text: string][] = [
    [undefined, 'mesh', 'mesh: takes axes with their sizes, such as { data: 8 }, not undefined'],
    [{}, 'mesh', 'mesh: takes axes with their sizes, such as { data: 8 }, not an object'],
    [[8], 'mesh', 'mesh: takes axes with their sizes, such as { data: 8 }, not a list'],
    [{ data: 0 }, 'mesh', 'mesh: axis "data" is 0: its size is a whole number from 1 on'],
    [{ data: '8' }, 'mesh', 'mesh: axis "data" is "8": its size is a whole number from 1 on'],
    [
      { 'a b': 2 },
      'mesh',
      'mesh: the axis "a b" must have a name of letters, digits and _, which does not begin with a digit',
    ],
    [{ '': 2 }, 'name', 'mesh: the name of an axis must not be empty'],
  ];
  it.each(meshes)('refuses what is no mesh: %#', (sizes, code, text) => {
    expectRefusal(() => defineModule('wrong', (m) => [m.mesh(untyped(sizes))]), code, text, FILE);
  });

  it('is declared before what is sharded, and by the module whose tensors these are', () => {
    expectRefusal(
      () => defineModule('wrong', (m) => [m.shard(m.input('x', { shape: [2] }), [null])]),
      'sharding',
      'shard: there is no mesh: declare it before, as m.mesh({ data: 8 })',
      FILE,
    );
    let other: Tensor | undefined;
    defineModule('other', (m) => {
      other = m.input('x', { shape: [2] });
      m.entry('run', { x: other });
    });
    expectRefusal(
      () => {
        defineModule('wrong', (m) => {
          m.mesh({ data: 2 });
          if (other !== undefined) m.shard(other, ['data']);
        });
      },
      'other-graph',
      'shard: x (input f32[2]) belongs to another module',
      FILE,
    );
  });
});
