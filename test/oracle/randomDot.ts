import { defineModule, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import type { Dim, Size } from '../../src/loops/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { Dice } from './dice.ts';
import { caseOf, type Leaf } from './leaves.ts';
import type { RandomCase } from './randomGraph.ts';

/** Which axes of the operands, the inputs `a` and `b`, a random contraction pairs; the others are rows. */
export interface Dot extends RandomCase {
  readonly batch: readonly [number[], number[]];
  readonly over: readonly [number[], number[]];
  readonly a: Tensor;
  readonly b: Tensor;
  readonly y: Tensor;
}

/**
 * A module of one contraction, of any number of axes of each kind, none included, in any order, of one element or of
 * none too, with a bounded size as one axis of any kind. Its outputs are the contraction `y`, its gradients in both
 * operands, and the second ones.
 *
 * It is the same for one seed.
 */
export function randomDot(seed: number): Dot {
  const name = `dot-${seed}`;
  const dice = new Dice(seed ^ 0x3c6ef372);
  const inputs: Leaf[] = [];
  const found: { size?: Size; dot?: Pick<Dot, 'batch' | 'over' | 'a' | 'b' | 'y'> } = {};
  const module = defineModule(name, (m) =>
    m.graph.withSource(name, () => {
      const size = dice.chance(0.5) ? m.size('rows', { max: dice.between(1, 9) }) : undefined;
      if (size !== undefined) found.size = size;
      const axes = drawnAxes(dice, size);
      const operand = (name: string, kinds: readonly Kind[]): { tensor: Tensor; order: Axis[] } => {
        const order = dice.shuffled(axes.filter(({ kind }) => kinds.includes(kind)));
        return { tensor: input(m, name, order, inputs), order };
      };
      const [a, b] = [operand('a', ['batch', 'over', 'ofA']), operand('b', ['batch', 'over', 'ofB'])];
      const pairs = (kind: Kind): [number[], number[]] => {
        const paired = dice.shuffled(axes.filter((axis) => axis.kind === kind));
        return [paired.map((axis) => a.order.indexOf(axis)), paired.map((axis) => b.order.indexOf(axis))];
      };
      const [batch, over] = [pairs('batch'), pairs('over')];
      const y = a.tensor.contract(b.tensor, { batch, over });
      found.dot = { batch, over, a: a.tensor, b: b.tensor, y };
      const [da = y, db = y] = gradients(weighted(y), [a.tensor, b.tensor]);
      const [dda = y, ddb = y] = gradients(da.square().sum().add(weighted(db)), [a.tensor, b.tensor]);
      m.entry('run', { y, da, db, dda, ddb });
    }),
  );
  const { size, dot } = found;
  if (dot === undefined) throw new Error('defineModule did not call back');
  return { ...caseOf(seed, module, { inputs, states: [], size }), ...dot };
}

type Kind = 'batch' | 'over' | 'ofA' | 'ofB';

interface Axis {
  readonly kind: Kind;
  readonly dim: Dim;
}

/** How many elements all axes of one module have at most, together: each is a product. */
const MOST_PRODUCTS = 6000;

function drawnAxes(dice: Dice, size: Size | undefined): Axis[] {
  const kinds: Kind[] = ['batch', 'over', 'ofA', 'ofB'];
  const counts = { batch: [0, 0, 1, 2], over: [0, 1, 1, 2, 3], ofA: [0, 1, 1, 2], ofB: [0, 1, 1, 2] };
  const axes = kinds.flatMap((kind) =>
    Array.from({ length: dice.maybeOneOf(counts[kind]) ?? 0 }, () => ({ kind })),
  );
  const bounded = size === undefined ? -1 : dice.below(axes.length);
  let left = MOST_PRODUCTS / (size?.max ?? 1);
  return axes.map(({ kind }, k): Axis => {
    if (k === bounded && size !== undefined) return { kind, dim: { size, factor: 1 } };
    const most = dice.oneOf([1, 2, 3, 5, 8, 17, 33]);
    const dim = dice.chance(0.02) ? 0 : Math.max(1, Math.min(most, Math.floor(left)));
    left /= Math.max(1, dim);
    return { kind, dim };
  });
}

/** An input whose axes lie in this order; rows of a bounded size come first where it is stored. */
function input(m: ModuleBuilder, name: string, order: readonly Axis[], inputs: Leaf[]): Tensor {
  const isBounded = ({ dim }: Axis): boolean => typeof dim === 'object';
  const first = [...order.filter(isBounded), ...order.filter((axis) => !isBounded(axis))];
  const shape = first.map(({ dim }) => dim);
  inputs.push({ name, shape, dtype: 'f32', below: 0 });
  return m.input(name, { shape }).permute(order.map((axis) => first.indexOf(axis)));
}

/** A sum in which every element counts otherwise. */
function weighted(y: Tensor): Tensor {
  if (y.shape.length === 0) return y.square();
  const last = y
    .iotaLike(y.shape.length - 1)
    .cast('f32')
    .mul(0.125)
    .add(0.5);
  return y.square().mul(last).sum();
}
