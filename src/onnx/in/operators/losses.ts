import type { Tensor } from '../../../graph/index.ts';
import type { NodeContext } from '../context.ts';
import type { Operators } from './operator.ts';

type Reduction = 'mean' | 'sum' | 'none';

/** Losses of classes, which are axis 1. */
export const losses = {
  NegativeLogLikelihoodLoss: {
    since: 12,
    import: (ctx) => ctx.nn.nll(classesLast(ctx.tensor(0)), ctx.tensor(1), options(ctx)),
  },
  SoftmaxCrossEntropyLoss: {
    since: 12,
    import: (ctx) => {
      const scores = ctx.tensor(0);
      const loss = ctx.nn.crossEntropy(classesLast(scores), ctx.tensor(1), options(ctx));
      return ctx.asks(1) ? [loss, scores.logSoftmax(1)] : loss;
    },
  },
} satisfies Operators;

function classesLast(x: Tensor): Tensor {
  return x.shape.length > 2 ? x.moveAxis(1, -1) : x;
}

function options(ctx: NodeContext): {
  readonly reduction?: Reduction;
  readonly weight?: Tensor;
  readonly ignoreIndex?: number;
} {
  const reduction = ctx.text('reduction', 'mean');
  if (reduction !== 'mean' && reduction !== 'sum' && reduction !== 'none')
    return ctx.fail(`reduction ${reduction}`);
  const ignored = ctx.attribute('ignore_index', 'int')?.value;
  return {
    ...(reduction === 'mean' ? {} : { reduction }),
    ...(ctx.has(2) ? { weight: ctx.tensor(2) } : {}),
    ...(ignored === undefined ? {} : { ignoreIndex: ignored }),
  };
}
