import { describe, expect, it } from 'vitest';
import {
  concat,
  customGradient,
  defineModule,
  Graph,
  parseModule,
  printModule,
  substitute,
  Tensor,
} from '../../src/graph/index.ts';
import type { Dim, Dtype } from '../../src/loops/index.ts';
import { hessian, hvp, jacobian, jvp } from '../../src/passes/derivatives.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { evaluate } from '../../src/reference/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';

const FILE = 'derivatives.test.ts';
const batch: Dim = { size: { name: 'batch', max: 8 }, factor: 1 };
const graph = new Graph();
const input = (name: string, shape: readonly Dim[] = [3], dtype: Dtype = 'f32'): Tensor =>
  new Tensor(graph, graph.build('input', [], { name, shape, dtype })).named(name);
const x = input('x');
const y = input('y');
const values = (tensor: Tensor): number[] => {
  const given = { shape: [3], data: [1, -2, 3] };
  const [value] = evaluate([tensor.node], { inputs: { x: given, y: given } });
  return [...(value?.data ?? [])];
};
const identity = (rule: Parameters<typeof customGradient>[1]): ((x: Tensor) => Tensor) =>
  customGradient((x) => x, rule);

describe("a gradient of one's own", () => {
  it('stands in the place of that of the function', () => {
    const clipped = identity(({ cotangent }) => cotangent.clamp(-1, 1));
    expect(values(gradients(clipped(x).mul(y).sum(), [x])[0] ?? x)).toEqual([1, -1, 1]);
  });

  it('is given the inputs, the output and the cotangent, and may leave inputs out', () => {
    const product = customGradient(
      (a: Tensor, b: Tensor) => a.mul(b),
      ({ inputs: [, b], output, cotangent }) => [cotangent.mul(b ?? output).add(output), undefined],
    );
    const [da = x, db = x] = gradients(product(x, y).sum(), [x, y]);
    expect(values(da)).toEqual([2, 2, 12]);
    expect(values(db)).toEqual([0, 0, 0]);
  });

  it('goes to inputs of any shapes, and to integers not', () => {
    const index = input('index', [], 'i32');
    const pick = customGradient(
      (a: Tensor, at: Tensor) => a.take(at),
      ({ inputs: [a], cotangent }) => [a?.fullLike(2).mul(cotangent), undefined],
    );
    const [g = x] = gradients(pick(x, index), [x]);
    expect(values(g)).toEqual([2, 2, 2]);
  });

  it('differentiates again', () => {
    const square = customGradient(
      (a: Tensor) => a.square(),
      ({ inputs: [a], cotangent }) => [a?.mul(2).mul(cotangent)],
    );
    const [first = x] = gradients(square(x).sum(), [x]);
    expect(values(gradients(first.sum(), [x])[0] ?? x)).toEqual([2, 2, 2]);
  });

  it('of two rules of one function are two', () => {
    const [once, twice] = [1, 2].map((factor) => identity(({ cotangent }) => cotangent.mul(factor)));
    const sum =
      once?.(x)
        .add(twice?.(x) ?? x)
        .sum() ?? x;
    expect(values(gradients(sum, [x])[0] ?? x)).toEqual([3, 3, 3]);
  });

  it('that does not fit is refused where the function was applied', () => {
    const refused = (rule: Parameters<typeof customGradient>[1], text: string): void => {
      const sum = identity(rule)(x).sum();
      expectRefusal(() => gradients(sum, [x]), 'gradient', `customGradient: its rule gives ${text}`, FILE);
    };
    refused(({ cotangent }) => cotangent.sum(), 'f32[] for input 0, which is f32[3]');
    refused(({ cotangent }) => [cotangent, cotangent], '2 gradients for 1 inputs');
    refused(() => untyped(3), '3 for input 0, not a tensor');
    const nothing = identity(() => untyped(undefined))(x).sum();
    expect(() => gradients(nothing, [x])).toThrow('its rule returns nothing: a list says by undefined');
    refused(
      () => new Tensor(new Graph(), new Graph().build('constant', [], { value: 1, dtype: 'f32' })),
      'a tensor of another graph for input 0',
    );
  });

  it('needs two functions, and inputs', () => {
    expectRefusal(
      () => customGradient((a) => a, untyped(undefined)),
      'option',
      'customGradient: vjp is undefined: it must be a function',
      FILE,
    );
    expectRefusal(
      () =>
        customGradient(
          () => x,
          () => [],
        )(),
      'operands',
      'customGradient: needs at least one input',
      FILE,
    );
  });

  it('must give a float', () => {
    const rounded = customGradient(
      (a: Tensor) => a.cast('i32'),
      ({ cotangent }) => cotangent,
    );
    expect(() => rounded(x)).toThrow(/^customGradient: its function gives .*, which is not a float/);
  });

  it('that is an estimate has no forward mode, and a Jacobian goes by rows', () => {
    const clipped = customGradient(
      (a: Tensor) => a,
      ({ cotangent }) => cotangent.clamp(-1, 1),
      { estimate: true },
    );
    const y = clipped(x);
    expect(values(jacobian(concat([y, y], 0), x))).toEqual([
      1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1,
    ]);
    expect(() => jvp(y, [x], [x])).toThrow(
      'has an estimate in place of its derivative, which has no forward mode',
    );
  });

  it('is gone in a module that was read from text, which says so', () => {
    const module = defineModule('m', (m) => {
      const state = m.state('w', { shape: [2] });
      m.entry('run', { y: identity(({ cotangent }) => cotangent)(state).sum() });
    });
    const again = parseModule(printModule(module));
    const [loss, state] = [again.entries[0]?.outputs[0]?.node, again.states[0]?.node];
    if (loss === undefined || state === undefined) throw new Error('the module has both');
    const [a, b] = [loss, state].map((node) => new Tensor(again.graph, node));
    expect(() => gradients(a ?? x, [b ?? x])).toThrow(
      'the gradient is a function, which the text of a module does not keep: differentiate before',
    );
  });
});

describe('products and matrices of derivatives', () => {
  it('are zeros where nothing depends', () => {
    expect(values(jvp(x.mul(2), [y], [x]))).toEqual([0, 0, 0]);
    expect(values(jacobian(x.mul(2), y))).toEqual(Array.from({ length: 9 }, () => 0));
    expect(values(hessian(x.sum(), x))).toEqual(Array.from({ length: 9 }, () => 0));
  });

  it('take the shapes of both', () => {
    const [matrix, scalar, none] = [input('matrix', [2, 3]), x.sum(), input('none', [0, 2])];
    expect(jacobian(matrix.tanh(), matrix).shape).toEqual([2, 3, 2, 3]);
    expect(jacobian(matrix.sum(), matrix).shape).toEqual([2, 3]);
    expect(jacobian(x, scalar).shape).toEqual([3]);
    expect(jacobian(none, none).shape).toEqual([0, 2, 0, 2]);
  });

  it('by columns grow the graph with the columns, by rows with the rows', () => {
    const grown = (mode: 'forward' | 'reverse' | undefined): number => {
      const own = new Graph();
      const a = new Tensor(own, own.build('input', [], { name: 'a', shape: [2], dtype: 'f32' }));
      jacobian(a.expandDims(0).broadcastTo([40, 2]).tanh(), a, mode === undefined ? {} : { mode });
      return own.nodes.length;
    };
    expect(grown('forward')).toBeLessThan(grown('reverse') / 4);
    expect(grown(undefined)).toBe(grown('forward'));
  });

  it('two forward products of one output are apart', () => {
    const first = jvp(x.square(), [x], [y]);
    const both = jvp(first, [x], [y]).add(jvp(x.square(), [x], [x]));
    expect(values(both)).toEqual([4, 16, 36]);
  });

  it('of several outputs are refused where one has its tensor by way of integers alone', () => {
    const whole = x.cast('i32').cast('f32').sum();
    expect(() => gradients([x.sum(), whole], [x])).toThrow(/depends on x .* only through/);
  });

  it('refuse what does not fit', () => {
    const matrix = input('rows', [batch, 2]);
    expectRefusal(() => jvp(x, [x], []), 'gradient', 'jvp: 0 vectors for 1 tensors', FILE);
    expectRefusal(
      () => hvp(x.sum(), [x], [x.sum()]),
      'gradient',
      `hvp: ${x.sum()} must have the type of x (input f32[3])`,
      FILE,
    );
    expectRefusal(
      () => jvp(x, [], []),
      'gradient',
      'jvp: needs at least one tensor to differentiate with respect to',
      FILE,
    );
    expectRefusal(
      () => jacobian(matrix, matrix),
      'gradient',
      'jacobian: rows (input f32[batch<=8, 2]) has a bounded dimension: as many rows as it has elements need a fixed number',
      FILE,
    );
    expectRefusal(
      () => jacobian(x, x, { mode: untyped('both') }),
      'option',
      'jacobian: mode is "both": it must be one of forward, reverse',
      FILE,
    );
    expectRefusal(
      () => gradients([x.sum(), y.sum()], [x], [x.sum()]),
      'gradient',
      'gradients: 1 cotangents for 2 outputs',
      FILE,
    );
    expectRefusal(
      () => gradients([], [x]),
      'gradient',
      'gradients: there is no output to differentiate',
      FILE,
    );
  });
});

describe('a computation with other tensors', () => {
  it('replaces all at once, and leaves what stands in their place as it is', () => {
    const swapped = substitute(x.sub(y), [
      [x, y.add(x)],
      [y, x],
    ]);
    expect(values(swapped)).toEqual([1, -2, 3]);
    expect(substitute(x.sum(), [[y, x]]).node).toBe(x.sum().node);
  });

  it('refuses pairs that do not fit', () => {
    const refused = (pairs: readonly (readonly [Tensor, Tensor])[], text: string): void => {
      expectRefusal(() => substitute(x.sum(), pairs), 'operands', `substitute: ${text}`, FILE);
    };
    const scalar = y.sum();
    refused([[x, scalar]], `${scalar} cannot stand in the place of x (input f32[3]): their types differ`);
    refused(
      [
        [x, y],
        [x, y],
      ],
      'x (input f32[3]) is replaced twice',
    );
    refused(untyped([x]), 'takes pairs of two tensors each, not an object (Tensor)');
    refused(untyped(x), 'takes pairs, [[weight, other], …], not an object (Tensor)');
  });
});
