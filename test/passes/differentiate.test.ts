import { describe, expect, it } from 'vitest';
import { Graph, printNodes, Tensor } from '../../src/graph/index.ts';
import type { Dim, Dtype } from '../../src/loops/index.ts';
import { hessian, jvp } from '../../src/passes/derivatives.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { expectRefusal } from '../graph/refusal.ts';

const FILE = 'differentiate.test.ts';
const batch: Dim = { size: { name: 'batch', max: 8 }, factor: 1 };

const start = (...inputs: readonly [name: string, shape: readonly Dim[], dtype?: Dtype][]): Tensor[] => {
  const graph = new Graph();
  return inputs.map(([name, shape, dtype = 'f32']) => {
    const node = graph.build('input', [], { name, shape, dtype });
    return new Tensor(graph, node).named(name);
  });
};
const one = (shape: readonly Dim[] = [4], dtype: Dtype = 'f32'): Tensor => {
  const [x] = start(['x', shape, dtype]);
  if (x === undefined) throw new Error('one input was declared');
  return x;
};
const gradientText = (build: (x: Tensor) => Tensor, shape?: readonly Dim[]): string => {
  const x = one(shape);
  return printNodes(gradients(build(x), [x]).map((gradient) => gradient.node));
};

describe('gradients', () => {
  it('of a square are twice the number', () => {
    expect(gradientText((x) => x.square().sum())).toMatchInlineSnapshot(`
      "%0 = input {dtype: "f32", name: "x", shape: [4]}: f32[4]  x
      %1 = constant {dtype: "f32", value: 1}: f32[]
      %2 = expand(%1) {shape: [4]}: f32[4]
      %3 = mul(%2, %0): f32[4]
      %4 = add(%3, %3): f32[4]"
    `);
  });

  it('of a relu look at its result', () => {
    expect(gradientText((x) => x.relu().sum())).toMatchInlineSnapshot(`
      "%0 = input {dtype: "f32", name: "x", shape: [4]}: f32[4]  x
      %1 = relu(%0): f32[4]
      %2 = constant {dtype: "f32", value: 1}: f32[]
      %3 = expand(%2) {shape: [4]}: f32[4]
      %4 = constant {dtype: "f32", value: 0}: f32[]
      %5 = expand(%4) {shape: [4]}: f32[4]
      %6 = lt(%5, %1): bool[4]
      %7 = where(%6, %3, %5): f32[4]"
    `);
  });

  it('of a mean over a bounded size divide by the live count', () => {
    expect(gradientText((x) => x.mean(), [batch, 2])).toMatchInlineSnapshot(`
      "%0 = extent {dim: [batch<=8]}: i32[]
      %1 = cast(%0) {dtype: "f32"}: f32[]
      %2 = constant {dtype: "f32", value: 2}: f32[]
      %3 = mul(%1, %2): f32[]
      %4 = constant {dtype: "f32", value: 1}: f32[]
      %5 = div(%4, %3): f32[]
      %6 = expand(%5) {shape: [batch<=8, 2]}: f32[batch<=8, 2]"
    `);
  });

  it('of a maximum go to the first one, found by its index', () => {
    expect(gradientText((x) => x.max())).toMatchInlineSnapshot(`
      "%0 = input {dtype: "f32", name: "x", shape: [4]}: f32[4]  x
      %1 = constant {dtype: "f32", value: 1}: f32[]
      %2 = argmax(%0) {axes: [0]}: i32[]
      %3 = reshape(%2) {shape: [1]}: i32[1]
      %4 = iota {axis: 0, shape: [4]}: i32[4]
      %5 = expand(%3) {shape: [4]}: i32[4]
      %6 = eq(%4, %5): bool[4]
      %7 = expand(%1) {shape: [4]}: f32[4]
      %8 = constant {dtype: "f32", value: 0}: f32[]
      %9 = expand(%8) {shape: [4]}: f32[4]
      %10 = where(%6, %7, %9): f32[4]"
    `);
  });

  it('of a slice with steps are spread and padded', () => {
    expect(gradientText((x) => x.slice([1], [4], [2]).sum(), [5])).toMatchInlineSnapshot(`
      "%0 = constant {dtype: "f32", value: 1}: f32[]
      %1 = expand(%0) {shape: [2]}: f32[2]
      %2 = reshape(%1) {shape: [2, 1]}: f32[2, 1]
      %3 = pad(%2) {high: [0, 1], low: [0, 0], value: 0}: f32[2, 2]
      %4 = reshape(%3) {shape: [4]}: f32[4]
      %5 = slice(%4) {starts: [0], steps: [1], stops: [3]}: f32[3]
      %6 = pad(%5) {high: [1], low: [1], value: 0}: f32[5]"
    `);
  });

  it('of a product are products with transposes, which are no copies', () => {
    const [a, b] = start(['a', [batch, 3]], ['b', [3, 2]]);
    if (a === undefined || b === undefined) throw new Error('two inputs were declared');
    const text = printNodes(gradients(a.matmul(b).sum(), [a, b]).map((gradient) => gradient.node));
    expect(text).toMatchInlineSnapshot(`
      "%0 = input {dtype: "f32", name: "a", shape: [batch<=8, 3]}: f32[batch<=8, 3]  a
      %1 = input {dtype: "f32", name: "b", shape: [3, 2]}: f32[3, 2]  b
      %2 = constant {dtype: "f32", value: 1}: f32[]
      %3 = expand(%2) {shape: [batch<=8, 2]}: f32[batch<=8, 2]
      %4 = contract(%3, %1) {batchA: [], batchB: [], overA: [1], overB: [1]}: f32[batch<=8, 3]
      %5 = contract(%0, %3) {batchA: [], batchB: [], overA: [0], overB: [0]}: f32[3, 2]"
    `);
  });

  it('of a gather of rows are summed by segment', () => {
    const [x, i] = start(['x', [5, 2]], ['i', [3], 'i32']);
    if (x === undefined || i === undefined) throw new Error('two inputs were declared');
    const [gradient] = gradients(x.take(i).sum(), [x]);
    expect(gradient === undefined ? '' : printNodes([gradient.node])).toMatchInlineSnapshot(`
      "%0 = input {dtype: "i32", name: "i", shape: [3]}: i32[3]  i
      %1 = constant {dtype: "f32", value: 1}: f32[]
      %2 = expand(%1) {shape: [3, 2]}: f32[3, 2]
      %3 = segmentSum(%2, %0) {rows: [5]}: f32[5, 2]"
    `);
  });

  it('of two gathers from one table are one sum by segment over the places of both', () => {
    const [x, i, j] = start(['x', [5, 2]], ['i', [3], 'i32'], ['j', [3, 4], 'i32']);
    if (x === undefined || i === undefined || j === undefined) throw new Error('three inputs were declared');
    const [gradient] = gradients(x.take(i).sum().add(x.take(j).square().sum()), [x]);
    expect(gradient?.node.op).toBe('segmentSum');
    expect(gradient?.node.inputs.map(({ shape }) => shape)).toEqual([[15, 2], [15]]);
  });

  it('of many lookups of one table are a few sums by segment, of eight lookups each', () => {
    const [table, ...rows] = start(
      ['table', [5, 2]],
      ...Array.from({ length: 20 }, (_, k): [string, Dim[], Dtype] => [`rows${k}`, [3], 'i32']),
    );
    if (table === undefined) throw new Error('a table was declared');
    const lookups = rows.map((row) => table.take(row).tanh().sum());
    const [gradient] = gradients(
      lookups.reduce((a, b) => a.add(b)),
      [table],
    );
    if (gradient === undefined) throw new Error('there is one gradient');
    expect(printNodes([gradient.node]).match(/= segmentSum/g)).toHaveLength(3);
  });

  it('differentiate again', () => {
    const x = one([]);
    const [first] = gradients(x.mul(x).mul(x), [x]);
    const [second] = first === undefined ? [] : gradients(first, [x]);
    const [third] = second === undefined ? [] : gradients(second, [x]);
    expect([first, second, third].map((t) => t?.shape)).toEqual([[], [], []]);
    const [fourth] = third === undefined ? [] : gradients(third, [x]);
    expect(fourth === undefined ? '' : printNodes([fourth.node])).toMatchInlineSnapshot(
      `"%0 = constant {dtype: "f32", value: 0}: f32[]"`,
    );
  });

  it('are zeros for what the loss does not depend on', () => {
    const [x, y] = start(['x', [2]], ['y', [3]]);
    if (x === undefined || y === undefined) throw new Error('two inputs were declared');
    const [, dy] = gradients(x.sum(), [x, y]);
    expect(dy?.node).toBe(y.fullLike(0).node);
  });

  it('visit only what lies between the loss and what is asked for', () => {
    const [x, y] = start(['x', [4]], ['y', [4]]);
    if (x === undefined || y === undefined) throw new Error('two inputs were declared');
    const loss = x.mul(y.exp().tanh()).sum();
    const before = x.graph.nodes.length;
    const [dx] = gradients(loss, [x]);
    const made = x.graph.nodes.slice(before).map((node) => node.op);
    expect(made).toEqual(['constant', 'expand', 'mul']);
    expect(dx?.shape).toEqual([4]);
  });

  it('are weighted by a cotangent', () => {
    const [x, c] = start(['x', [4]], ['c', [4]]);
    if (x === undefined || c === undefined) throw new Error('two inputs were declared');
    const [dx] = gradients(x.neg(), [x], c);
    expect(dx?.node).toBe(c.neg().node);
  });

  it('of intermediate values are their cotangents', () => {
    const x = one();
    const y = x.exp();
    const [dy] = gradients(y.mul(3).sum(), [y]);
    expect(dy?.node.op).toBe('mul');
    expect(dy?.shape).toEqual([4]);
  });

  it('are the same nodes where they are asked for twice', () => {
    const x = one();
    const loss = x.tanh().square().mean();
    expect(gradients(loss, [x])[0]?.node).toBe(gradients(loss, [x])[0]?.node);
  });

  it('get the source line of what they are the gradient of', () => {
    const x = one();
    const y = x.graph.withSource('model.ts:7', () => x.tanh());
    const [dx] = gradients(y.sum(), [x]);
    expect(dx?.node.source).toBe('model.ts:7');
  });

  it('do not pass through rounding and signs, and that is no error', () => {
    const x = one();
    for (const y of [x.round(), x.floor(), x.ceil(), x.trunc(), x.sign()]) {
      expect(gradients(y.sum(), [x])[0]?.node).toBe(x.fullLike(0).node);
    }
  });

  it('pass by truth values that choose between floats', () => {
    const x = one();
    const [dx] = gradients(x.gt(0).where(x, x.mul(0.1)).sum(), [x]);
    const [ddx] = dx === undefined ? [] : gradients(dx.sum(), [x]);
    expect(ddx?.node).toBe(x.fullLike(0).node);
  });

  it('survive a chain of ten thousand operations', () => {
    let y = one([]);
    const x = y;
    for (let k = 0; k < 10_000; k++) y = y.graph.withSource('chain.ts:1', () => y.mul(k).tanh());
    expect(gradients(y, [x])[0]?.shape).toEqual([]);
  });
});

describe('gradients are refused', () => {
  it('of polygamma(2), whose derivative is not built, at whatever order it is met', () => {
    const [x = one(), y = x] = start(['x', [2]], ['y', [2]]);
    const text = 'polygamma: the derivative of polygamma(2) is not built: detach it to hold it constant';
    const loss = (n: 0 | 1 | 2): Tensor => x.polygamma(n).sum();
    const slope = (n: 0 | 1): Tensor => (gradients(loss(n), [x])[0] ?? x).sum();
    for (const build of [
      () => gradients(loss(2), [x]),
      () => gradients(slope(1), [x]),
      () => hessian(loss(1), x),
      () => jvp(x.polygamma(2), [x], [y]),
    ])
      expectRefusal(build, 'gradient', text, FILE);
    const line = loss(2);
    expect(expectRefusal(() => gradients(line, [x]), 'gradient', text, FILE).source).toBe(line.node.source);
    // Where it is only a factor, or held constant, nobody needs it.
    expect(gradients(x.polygamma(2).mul(y).sum(), [y])[0]?.node.op).toBe('mul');
    expect(gradients(x.polygamma(2).detach().mul(x).sum(), [x])[0]?.node.op).toBe('mul');
    expect(printNodes(gradients(slope(0), [x]).map(({ node }) => node))).toContain('tetragamma');
  });

  it('for a loss that is not a float', () => {
    const x = one();
    const text = 'gradients: the loss %2 (argmax i32[]) is not a float, so it has no gradient';
    const loss = x.exp().argmax();
    expect(expectRefusal(() => gradients(loss, [x]), 'gradient', text, FILE).source).toBe(loss.node.source);
  });

  it('for a loss that is not a scalar', () => {
    const x = one();
    const text =
      'gradients: the loss %1 (exp f32[4]) is not a scalar: reduce it to one number, or give a cotangent';
    expect(expectRefusal(() => gradients(x.exp(), [x]), 'gradient', text, FILE).op).toBe('gradients');
  });

  it('with respect to integers', () => {
    const x = one([4], 'i32');
    const text = 'gradients: x (input i32[4]) is not a float: there is no gradient with respect to it';
    expect(expectRefusal(() => gradients(x.cast('f32').sum(), [x]), 'gradient', text, FILE).op).toBe(
      'gradients',
    );
  });

  it('through integers, at the line that turns them into floats', () => {
    const x = one();
    const counted = x.gt(0).cast('f32');
    const text =
      'gradients: %5 (sum f32[]) depends on x (input f32[4]) only through %3 (lt bool[4]), which has no gradient';
    const error = expectRefusal(() => gradients(counted.sum(), [x]), 'gradient', text, FILE);
    expect(error.source).toBe(counted.node.source);
  });

  it('not where the loss is reached another way too', () => {
    const x = one();
    expect(gradients(x.gt(0).cast('f32').mul(x).sum(), [x])[0]?.shape).toEqual([4]);
  });

  it('for a cotangent of another type than the loss', () => {
    const x = one();
    const text = 'gradients: the cotangent %1 (sum f32[]) must have the type of the loss x (input f32[4])';
    expect(expectRefusal(() => gradients(x, [x], x.sum()), 'gradient', text, FILE).op).toBe('gradients');
  });

  it('for tensors of another graph', () => {
    const text = 'gradients: x (input f32[4]) belongs to another graph than the loss';
    expect(expectRefusal(() => gradients(one([]), [one()]), 'gradient', text, FILE).op).toBe('gradients');
  });
});
