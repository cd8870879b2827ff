import { describe, it } from 'vitest';
import { defineModule, type Module, type Tensor } from '../../src/graph/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { scans, scattered, sorts } from './axisCases.ts';
import { expectClose } from './closeness.ts';
import {
  type ComposedCase,
  derivatives,
  equations,
  movements,
  pointwise,
  reductions,
} from './composedCases.ts';
import { made, type Plain, zipped } from './plain.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

const groups = { movements, reductions, pointwise, equations, derivatives };
/** Those whose values have tests of their own on every target. */
const alongAxes = { scans, sorts, scattered };

/** Operands of a case: numbers between kinks and ties, other ones for each operand. */
function operandsOf({ shapes }: ComposedCase): Plain[] {
  let k = 0;
  return shapes.map((shape) => made(shape, () => Math.fround(Math.sin(1 + 2.3 * k++) * 1.75)));
}

/** Weights for the elements of a result, so that none are alike. */
const weightOf = (k: number): number => 0.5 + ((k * 7) % 5) / 4;

/** Of each case its value; with gradients, that of a weighted sum of its squares, and that of its square. */
function moduleOf(cases: Readonly<Record<string, ComposedCase>>, withGradients: boolean): Module {
  return defineModule('composed', (m) => {
    for (const [name, { shapes, build }] of Object.entries(cases)) {
      const operands = shapes.map((shape, k) => m.input(`${name}.${k}`, { shape }));
      const y = build(...operands);
      const shape = y.shape.map(Number);
      const count = shape.reduce((n, extent) => n * extent, 1);
      const weights = m.literal(
        Array.from({ length: count }, (_, k) => weightOf(k)),
        { shape },
      );
      const first = withGradients ? gradients(y.square().mul(weights).sum(), operands) : [];
      const squares = first.map((g) => g.square().sum()).reduce((a, b) => a.add(b), y.fullLike(0).sum());
      const second = withGradients ? gradients(squares, operands) : [];
      m.entry(name, { y, ...byNumber('g', first), ...byNumber('h', second) });
    }
  });
}

function byNumber(name: string, tensors: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(tensors.map((tensor, k) => [`${name}${k}`, tensor]));
}

/**
 * The gradient by central differences, and that of the sum of its squares by differences of gradients along it: twice the
 * second derivative times the gradient.
 */
function differences(one: ComposedCase, operands: readonly Plain[]): { g: Plain[]; h: Plain[] } {
  const loss = (at: readonly Plain[]): number =>
    one.expected(...at).data.reduce((sum, y, k) => sum + weightOf(k) * y * y, 0);
  const gradient = (at: readonly Plain[]): Plain[] =>
    at.map(({ shape, data }, n) => ({
      shape,
      data: data.map((x, k) => {
        const moved = (by: number): number =>
          loss(at.map((operand, m) => (m === n ? { shape, data: data.with(k, x + by) } : operand)));
        return (moved(STEP) - moved(-STEP)) / (2 * STEP);
      }),
    }));
  const g = gradient(operands);
  const longest = Math.max(1, ...g.flatMap(({ data }) => data.map(Math.abs)));
  const along = (by: number): Plain[] =>
    gradient(
      operands.map((operand, n) => zipped(operand, g[n] ?? operand, (x, d) => x + (by * d) / longest)),
    );
  const [above, below] = [along(STEP), along(-STEP)];
  const h = above.map((high, n) => zipped(high, below[n] ?? high, (x, y) => ((x - y) / STEP) * longest));
  return { g, h };
}

// Central differences in float64 of numbers near 1.
const STEP = 1e-4;

// Gradients are the same operations again, which random graphs and PyTorch's values compare on every target.
const targets: readonly (readonly [target: Target, withGradients: boolean])[] = [
  [reference, true],
  [wasm(1), false],
  [wgsl('webgpu-software'), false],
];

describe.each(targets)('on $name', (target, withGradients) => {
  it.each(Object.entries(withGradients ? { ...groups, ...alongAxes } : groups))(
    '%s are what loops give, their gradients what differences are',
    async (_, cases) => {
      const session = await target.start(moduleOf(cases, withGradients));
      for (const [name, one] of Object.entries(cases)) {
        const operands = operandsOf(one);
        const inputs = Object.fromEntries(operands.map((operand, k) => [`${name}.${k}`, operand]));
        const found = await session.step(name, { inputs });
        expectClose(found.y, one.expected(...operands), 1e-6, name);
        if (!withGradients) continue;
        const { g, h } = differences(one, operands);
        for (const [k, wanted] of g.entries())
          expectClose(found[`g${k}`], wanted, 1e-5, `gradient ${k} of ${name}`);
        for (const [k, wanted] of h.entries())
          expectClose(found[`h${k}`], wanted, 1e-4, `second gradient ${k} of ${name}`);
      }
      await session.dispose();
    },
  );
});
