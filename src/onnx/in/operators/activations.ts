import type { Tensor } from '../../../graph/index.ts';
import type { NodeContext } from '../context.ts';
import { numberOr } from './elementwise.ts';
import type { Operators } from './operator.ts';

type Smooth = 'gelu' | 'hardswish' | 'mish' | 'softplus';

const activation = (name: Smooth, since: number): Operators[string] => ({
  since,
  import: (ctx) => ctx.nn[name](ctx.tensor(0)),
});

/** A softmax: before version 13 over all axes from one on. */
const softmax = (method: 'softmax' | 'logSoftmax'): Operators[string] => ({
  since: 1,
  import: (ctx) => overRows(ctx, (x, axis) => x[method](axis)),
});

/** What is done along an axis, or, before version 13, to rows of all axes from it on. */
function overRows(ctx: NodeContext, f: (x: Tensor, axis: number) => Tensor): Tensor {
  const x = ctx.tensor(0);
  const rank = x.shape.length;
  if (ctx.opset >= 13) {
    const axis = ctx.axis(ctx.int('axis', -1), rank);
    return f(x, axis === rank - 1 ? -1 : axis);
  }
  const axis = ctx.axis(ctx.int('axis', 1), rank);
  if (axis === rank - 1) return f(x, -1);
  return f(x.flatten(axis), -1).reshape(x.shape);
}

/** Activations, and what normalises scores. */
export const activations = {
  Relu: { since: 6, import: (ctx) => ctx.tensor(0).relu() },
  Sigmoid: { since: 6, import: (ctx) => ctx.tensor(0).sigmoid() },
  Softplus: activation('softplus', 1),
  HardSwish: activation('hardswish', 14),
  Mish: activation('mish', 18),
  Gelu: {
    since: 20,
    import: (ctx) => {
      const isTanh = ctx.text('approximate', 'none') === 'tanh';
      return isTanh ? ctx.nn.gelu(ctx.tensor(0), { approximate: 'tanh' }) : ctx.nn.gelu(ctx.tensor(0));
    },
  },
  Swish: {
    since: 24,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const alpha = ctx.float('alpha', 1);
      return alpha === 1 ? ctx.nn.silu(x) : x.mul(x.mul(alpha).sigmoid());
    },
  },
  SwiGLU: {
    since: 24,
    import: (ctx) => {
      const [x, gate] = [ctx.tensor(0), ctx.tensor(1)];
      const alpha = ctx.float('alpha', 1);
      return (alpha === 1 ? ctx.nn.silu(x) : x.mul(x.mul(alpha).sigmoid())).mul(gate);
    },
  },
  Softsign: { since: 1, import: (ctx) => ctx.tensor(0).div(ctx.tensor(0).abs().add(1)) },
  LeakyRelu: { since: 6, import: (ctx) => ctx.nn.leakyRelu(ctx.tensor(0), ctx.float('alpha', 0.01)) },
  Elu: { since: 6, import: (ctx) => ctx.nn.elu(ctx.tensor(0), ctx.float('alpha', 1)) },
  Celu: { since: 12, import: (ctx) => ctx.nn.celu(ctx.tensor(0), ctx.float('alpha', 1)) },
  Selu: {
    since: 6,
    import: (ctx) => {
      const alpha = ctx.float('alpha', 1.6732631921768188);
      const gamma = ctx.float('gamma', 1.0507010221481323);
      return ctx.nn.elu(ctx.tensor(0), alpha).mul(gamma);
    },
  },
  PRelu: {
    since: 7,
    import: (ctx) => {
      const x = ctx.tensor(0);
      return x.lt(0).where(x.mul(numberOr(ctx, 1, 0)), x);
    },
  },
  ThresholdedRelu: {
    since: 10,
    import: (ctx) => ctx.tensor(0).gt(ctx.float('alpha', 1)).where(ctx.tensor(0), 0),
  },
  HardSigmoid: {
    since: 6,
    import: (ctx) => ctx.tensor(0).mul(ctx.float('alpha', 0.2)).add(ctx.float('beta', 0.5)).clamp(0, 1),
  },
  Shrink: {
    since: 9,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const [bias, lambd] = [ctx.float('bias', 0), ctx.float('lambd', 0.5)];
      const above = x.gt(lambd).where(x.sub(bias), x.mul(0));
      return x.lt(-lambd).where(x.add(bias), above);
    },
  },
  Softmax: softmax('softmax'),
  LogSoftmax: softmax('logSoftmax'),
  Hardmax: {
    since: 1,
    import: (ctx) =>
      overRows(ctx, (x, axis) => {
        const largest = x.argmax(axis, { keepDims: true });
        return x.iotaLike(axis).eq(largest).cast('f32');
      }),
  },
} satisfies Operators;
