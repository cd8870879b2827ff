import type { Tensor } from '../../../graph/index.ts';
import type { NodeContext } from '../context.ts';
import type { Operators } from './operator.ts';

/** Steps that a recurrence is unrolled to, at most. */
const MOST_STEPS = 512;

/** What a step goes on from: the output, and the memory of an LSTM. */
type Memory = readonly [output: Tensor, cell: Tensor | undefined];

/** Of one direction: what a step makes of what it goes on from, and of its part of the products with inputs. */
type Step = (own: Tensor, before: Memory) => Memory;

/** Weights of a direction. */
interface Direction {
  /** Products of all steps with the weights of inputs, `[steps, batch, gates · hidden]`. */
  readonly projected: Tensor;
  /** `[gates · hidden, hidden]` */
  readonly recurrent: Tensor;
  /** `[gates · hidden]` of the recurrent product, where there is one. */
  readonly bias: Tensor | undefined;
  readonly peepholes: readonly Tensor[] | undefined;
  readonly activations: readonly ((x: Tensor) => Tensor)[];
}

/** Recurrences, unrolled: a step of the whole module has them all. */
export const recurrent = {
  RNN: recurrence(1, 1, () => ({ recurrent, bias, activations: [f = same] }) => {
    return (own, [h]) => [f(own.add(biased(h.matmul(recurrent.transpose()), bias))), undefined];
  }),
  GRU: recurrence(3, 2, (ctx) => {
    const isLinear = ctx.flag('linear_before_reset');
    return ({ recurrent, bias, activations: [f = same, g = same] }) =>
      (own, [h]) => {
        const [xz, xr, xh] = three(own);
        const [rz, rr, rh] = three(recurrent, 0);
        const [bz, br, bh] = bias === undefined ? [] : three(bias, 0);
        const z = f(xz.add(biased(h.matmul(rz.transpose()), bz)));
        const r = f(xr.add(biased(h.matmul(rr.transpose()), br)));
        const candidate = isLinear
          ? g(xh.add(r.mul(biased(h.matmul(rh.transpose()), bh))))
          : g(xh.add(biased(r.mul(h).matmul(rh.transpose()), bh)));
        return [candidate.add(z.mul(h.sub(candidate))), undefined];
      };
  }),
  LSTM: recurrence(4, 3, (ctx) => {
    if (ctx.flag('input_forget')) return ctx.refuse('input and forget gates that are one');
    return ({ recurrent, bias, peepholes, activations: [f = same, g = same, h = same] }) =>
      (own, [output, cell]) => {
        if (cell === undefined) return ctx.fail('there is no cell');
        const gates = own.add(biased(output.matmul(recurrent.transpose()), bias));
        const [i, o, forget, c] = gates.chunk(4, -1);
        if (i === undefined || o === undefined || forget === undefined || c === undefined)
          return ctx.fail('gates are missing');
        const [pi, po, pf] = peepholes ?? [];
        const seen = (gate: Tensor, weight: Tensor | undefined, of: Tensor): Tensor =>
          f(weight === undefined ? gate : gate.add(of.mul(weight)));
        const next = seen(forget, pf, cell)
          .mul(cell)
          .add(seen(i, pi, cell).mul(g(c)));
        return [seen(o, po, next).mul(h(next)), next];
      };
  }),
} satisfies Operators;

function same(x: Tensor): Tensor {
  return x;
}

function biased(x: Tensor, bias: Tensor | undefined): Tensor {
  return bias === undefined ? x : x.add(bias);
}

function three(x: Tensor, axis = -1): readonly [Tensor, Tensor, Tensor] {
  const [a, b, c] = x.chunk(3, axis);
  if (a === undefined || b === undefined || c === undefined) throw new RangeError('three parts');
  return [a, b, c];
}

/**
 * A recurrence.
 *
 * @param gates        parts of its products
 * @param activations  functions of a direction
 */
function recurrence(
  gates: number,
  activations: number,
  of: (ctx: NodeContext) => (direction: Direction) => Step,
): Operators[string] {
  return {
    since: 7,
    unfolded: true,
    import: (ctx) => unrolled(ctx, gates, activations, of(ctx)),
  };
}

function unrolled(
  ctx: NodeContext,
  gates: number,
  activations: number,
  stepOf: (direction: Direction) => Step,
): readonly (Tensor | undefined)[] {
  const isBatchFirst = ctx.flag('layout');
  const swap = (x: Tensor): Tensor => (isBatchFirst ? x.transpose(0, 1) : x);
  const x = swap(ctx.tensor(0));
  const [steps, batch = 1] = x.shape;
  if (typeof steps !== 'number') return ctx.refuse('steps of a bounded size');
  if (steps > MOST_STEPS) return ctx.refuse(`${steps} steps: at most ${MOST_STEPS} are unrolled`);
  if (steps < 1) return ctx.fail('there are no steps');
  if (ctx.attribute('clip', 'float') !== undefined) return ctx.refuse('clip');
  const hidden = ctx.extent(2, 2);
  const kind = ctx.text('direction', 'forward');
  const backwards = { forward: [false], reverse: [true], bidirectional: [false, true] }[kind];
  if (backwards === undefined) return ctx.fail(`direction ${kind}`);
  const names = ctx.attribute('activations', 'strings')?.value;
  const lengths = ctx.optional(4)?.expandDims(1);
  const ends: Memory[] = [];
  const outputs = backwards.map((isBackwards, d): Tensor[] => {
    const own = (k: number): Tensor => ctx.tensor(k).select(0, d);
    const [wb, rb] = ctx.has(3) ? own(3).split(gates * hidden) : [];
    const direction: Direction = {
      projected: biased(x.matmul(own(1).transpose()), wb),
      recurrent: own(2),
      bias: rb,
      peepholes: ctx.has(7) ? own(7).split(hidden) : undefined,
      activations: Array.from({ length: activations }, (_, k) =>
        activationOf(ctx, names?.[d * activations + k] ?? (k === 0 && activations > 1 ? 'Sigmoid' : 'Tanh')),
      ),
    };
    const step = stepOf(direction);
    const first = (k: number): Tensor => {
      if (!ctx.has(k)) return ctx.s.full(ctx.where, [batch, hidden], 0);
      return swap(ctx.tensor(k)).select(0, d);
    };
    let memory: Memory = [first(5), gates === 4 ? first(6) : undefined];
    const made: Tensor[] = [];
    for (let k = 0; k < steps; k++) {
      const at = isBackwards ? steps - 1 - k : k;
      const next = step(direction.projected.select(0, at), memory);
      if (lengths === undefined) memory = next;
      else {
        // What is over stays as it is, and gives zeros.
        const isLive = lengths.gt(at);
        const [[h, c], [before, cell]] = [next, memory];
        memory = [isLive.where(h, before), c === undefined || cell === undefined ? c : isLive.where(c, cell)];
        made[at] = isLive.where(h, 0);
        continue;
      }
      made[at] = memory[0];
    }
    ends.push(memory);
    return made;
  });
  const stacked = (tensors: readonly Tensor[], axis: number): Tensor => {
    const parts = tensors.map((one) => one.expandDims(axis));
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : ctx.s.concat(parts, axis);
  };
  const all = (parts: readonly (Tensor | undefined)[]): Tensor | undefined => {
    const present = parts.filter((one) => one !== undefined);
    return present.length < parts.length ? undefined : swap(stacked(present, 0));
  };
  const y = ctx.asks(0)
    ? stacked(
        outputs.map((own) => stacked(own, 0)),
        1,
      )
    : undefined;
  return [
    y === undefined || !isBatchFirst ? y : y.permute([2, 0, 1, 3]),
    all(ends.map(([h]) => h)),
    all(ends.map(([, c]) => c)),
  ];
}

function activationOf(ctx: NodeContext, name: string): (x: Tensor) => Tensor {
  switch (name.toLowerCase()) {
    case 'sigmoid':
      return (x) => x.sigmoid();
    case 'tanh':
      return (x) => x.tanh();
    case 'relu':
      return (x) => x.relu();
    default:
      return ctx.refuse(`the activation ${name}`);
  }
}
