import { describe, expect, it } from 'vitest';
import { Graph, iota, Tensor } from '../../src/graph/index.ts';
import { firstUserFrame } from '../../src/graph/issues.ts';
import { isLibrary } from '../../src/graph/libraryFiles.ts';
import { lineHere } from './refusal.ts';

const start = (): Tensor => {
  const graph = new Graph();
  return new Tensor(graph, graph.build('input', [], { name: 'x', shape: [2, 3], dtype: 'f32' }));
};

describe('a graph', () => {
  it('builds a node that exists only once', () => {
    const x = start();
    const size = (): number => x.graph.nodes.length;
    const first = x.add(1).exp().sum(0);
    const before = size();
    expect(x.add(1).exp().sum(0).node).toBe(first.node);
    expect(size()).toBe(before);
    expect(x.add(1).exp().sum(1).node).not.toBe(first.node);
  });

  it('tells constants apart by their bits and element types', () => {
    const x = start();
    const nodes = [0, -0, Number.NaN, Infinity, -Infinity].map((value) => x.fullLike(value).node);
    expect(new Set(nodes).size).toBe(5);
    expect(x.fullLike(Number.NaN).node).toBe(nodes[2]);
    expect(x.fullLike(0, 'i32').node).not.toBe(nodes[0]);
  });

  it('tells operands apart by their order', () => {
    const x = start();
    const y = x.exp();
    expect(x.sub(y).node).not.toBe(y.sub(x).node);
  });

  it('tells sizes apart by their names, whatever these are', () => {
    const x = start();
    const shape = (name: string) => [{ name, max: 4 }];
    expect(iota(x, shape('4')).node).not.toBe(iota(x, [4]).node);
    expect(iota(x, shape('a, b')).node).not.toBe(iota(x, shape('a')).node);
  });

  it('builds nothing for what changes nothing', () => {
    const x = start();
    const same = [
      x.reshape([2, -1]),
      x.permute([0, 1]),
      x.broadcastTo([2, 3]),
      x.cast('f32'),
      x.slice([0]),
      x.sum([]),
    ];
    expect(same.map((tensor) => tensor.node)).toEqual(same.map(() => x.node));
    expect(x.graph.nodes).toHaveLength(1);
  });

  it('knows the line of each node', () => {
    const x = start();
    const line = lineHere() + 1;
    const y = x.exp();
    expect(y.node.source).toBe(`graph.test.ts:${line}`);
    expect(x.graph.withSource('model.ts:1', () => y.neg()).node.source).toBe('model.ts:1');
    expect(x.graph.withoutSource(() => y.abs()).node.source).toBeUndefined();
  });

  it('keeps the first name of a node', () => {
    const y = start().exp().named('first').named('second');
    expect(y.node.label).toBe('first');
    expect(String(y)).toBe('first (exp f32[2, 3])');
  });
});

describe('the line of the user', () => {
  const own = new URL('../../src/graph/tensor.ts', import.meta.url);
  it.each([
    ['V8', `Error\n    at Tensor.add (${own}:1:2)\n    at Object.<anonymous> (/home/me/model.ts:12:7)`],
    [
      'V8 at the top level',
      `Error\n    at Tensor.add (${own.pathname}:1:2)\n    at file:///home/me/model.ts:12:7`,
    ],
    ['V8 on Windows', `Error\n    at Tensor.add (${own}:1:2)\n    at f (C:\\me\\model.ts:12:7)`],
    [
      'V8 in an anonymous callback',
      `Error\n    at Array.map (<anonymous>)\n    at async /home/@me/model.ts:12:7`,
    ],
    [
      'Bun, whose built-in functions have places too',
      `Error\n    at new ShapeError (unknown:1:28)\n    at map (native:1:11)\n    at <anonymous> (/home/me/model.ts:12:7)`,
    ],
    ['Firefox', `add@${own}:1:2\nbuild@https://example.org/model.ts?v=3:12:7`],
    [
      'Firefox, of a script by its name, within a callback that was awaited',
      `add@${own}:1:2\nmodel<@model.ts:12:7\nasync*run@model.ts:20:3\n@${own}:9:1\n`,
    ],
    [
      'Safari',
      `add@${own}:1:2\nmap@[native code]\n@https://example.org/@me/model.ts:12:7\nmodule code@https://example.org/main.ts:3:1`,
    ],
  ])('is found in the stack of %s', (_, stack) => {
    expect(firstUserFrame(stack)).toBe('model.ts:12');
  });

  it.each([
    ['of the library’s folder', 'src/nn/dense.ts', true],
    ['of the build, as source maps have it', 'dist/nn/dense.js', true],
    ['of the user', 'examples/model.ts', false],
  ])('tells a file %s', (_, path, expected) => {
    const here = new URL('../../src/graph/libraryFiles.ts', import.meta.url).href;
    expect(isLibrary(new URL(`../../${path}`, import.meta.url).pathname, here)).toBe(expected);
  });

  const bundle = 'https://example.org/site/assets/worker-1a2b.js';

  it.each([
    ['the bundle itself', bundle, true],
    ['a chunk beside it', 'https://example.org/site/assets/nn-3c4d.js', true],
    ['a script that a page made', 'blob:https://example.org/6f1d2c1e-7a55-4d0e-9a53-0c3a5cf8a1b2', false],
    ['a package', 'https://example.org/node_modules/vitest/dist/run.js', true],
    ['a text that was evaluated under a name of its own', 'model.ts', false],
    ['a document that loads it', 'https://example.org/site/assets/', false],
    ['a script elsewhere', 'https://example.org/app.js', false],
  ])('of a library in a bundle tells %s', (_, path, expected) => {
    expect(isLibrary(path, bundle)).toBe(expected);
  });

  it('of a library that itself is in a script that a page made tells its own frames', () => {
    const blob = 'blob:https://example.org/6f1d2c1e-7a55-4d0e-9a53-0c3a5cf8a1b2';
    expect(isLibrary(blob, blob)).toBe(true);
    expect(isLibrary('blob:https://example.org/0a3a5c1e-7a55-4d0e-9a53-0c3a5cf8a1b2', blob)).toBe(false);
  });

  it('takes all for the library’s where a bundler left it no address', () => {
    expect(isLibrary('https://example.org/app.js', undefined)).toBe(true);
  });

  it('is unknown where no frame is the user’s', () => {
    expect(
      firstUserFrame(`Error\n    at Tensor.add (${own}:1:2)\n    at node:internal/main:3:4`),
    ).toBeUndefined();
  });
});
