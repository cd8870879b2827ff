import { requireFlag, requireOneOf, requireOption, shown } from '../graph/arguments.ts';
import { GraphError, type Tensor } from '../graph/index.ts';
import { type Match, matches, requireMatch } from './match.ts';
import { minimizer } from './minimizer.ts';
import {
  type Optimizer,
  type OptimizerOptions,
  optimizer,
  requireOptimizerOptions,
  requireShares,
} from './optimizer.ts';
import { shapeOf } from './states.ts';
import { shrunk } from './weightDecay.ts';

export interface MuonOptions extends OptimizerOptions {
  /** Updates the states that are not matrices, or that `match` leaves out; it needs a `name`, or Muon does. */
  readonly others?: Optimizer;
  /** Which matrices it updates; all states of two axes where it is left out. Embeddings and heads are better left out. */
  readonly match?: Match | readonly Match[];
  /** Decay of the mean of gradients. */
  readonly momentum?: number;
  /** Looks ahead by the momentum. */
  readonly nesterov?: boolean;
  /** The least length of a gradient that it is divided by. */
  readonly eps?: number;
  /** Iterations of Newton and Schulz. */
  readonly iterations?: number;
  /**
   * What the rate is multiplied by: `original` is `sqrt(max(1, out / in))` (Jordan), `matchRmsAdamw`, with which rates are those of
   * AdamW, `0.2 sqrt(max(in, out))` (Liu et al. 2025).
   */
  readonly scale?: 'original' | 'matchRmsAdamw';
}

/**
 * Muon (Jordan et al. 2024): a step of a matrix is its momentum, made nearly orthogonal by iterations of Newton and Schulz. By
 * the formulas and defaults of PyTorch's `Muon`: `momentum` 0.95, Nesterov's, decoupled weight decay of 0.1, `eps` 1e-7, five
 * iterations, the scale `original`; in float32, where PyTorch takes bfloat16. Matrices are `[in, out]`, as those of `nn.dense` are;
 * PyTorch's are `[out, in]`.
 *
 * ```ts
 * optim.muon({ lr: 0.02, others: optim.adamw({ lr: 3e-4, name: 'adamw' }) });
 * ```
 *
 * @throws GraphError `option` where an option is out of range, or there is another state than a matrix and no `others`
 */
export function muon(options: MuonOptions): Optimizer {
  const more = ['others', 'match', 'momentum', 'nesterov', 'eps', 'iterations', 'scale'];
  requireOptimizerOptions('muon', options, more);
  const { others, match, momentum = 0.95, nesterov = true, eps = 1e-7, iterations = 5 } = options;
  const { scale = 'original', weightDecay = 0.1 } = options;
  requireShares('muon', { momentum });
  requireFlag('muon', 'nesterov', nesterov);
  requireOption('muon', 'eps', eps, eps > 0, 'a positive number');
  const whole = Number.isInteger(iterations) && iterations >= 1 && iterations <= MOST_ITERATIONS;
  requireOption('muon', 'iterations', iterations, whole, `a whole number from 1 to ${MOST_ITERATIONS}`);
  requireOneOf('muon', 'scale', scale, ['original', 'matchRmsAdamw']);
  if (match !== undefined) requireMatch('muon', 'match', match);
  if (others !== undefined && typeof others.update !== 'function')
    throw new GraphError('option', 'muon', `others is ${shown(others)}: it must be an optimizer`);

  const matrices = optimizer('muon', { ...options, weightDecay }, (context) => {
    const { gradient, lr, keep } = context;
    const mean = keep('momentum', (before) => before.mul(momentum).add(gradient.mul(1 - momentum)));
    const ahead = nesterov ? gradient.mul(1 - momentum).add(mean.mul(momentum)) : mean;
    const step = orthogonalized(ahead, iterations, eps);
    return shrunk(context).sub(step.mul(lr.mul(scaleOf(ahead, scale))));
  });
  const isOwn = (state: Tensor): boolean =>
    state.shape.length === 2 && (match === undefined || matches(match, state));

  return minimizer('muon', (states, raw, clipped) => {
    const gradients = clipped(raw);
    const own = states.map(isOwn);
    const some = <T>(list: readonly T[], which: boolean): T[] => list.filter((_, k) => own[k] === which);
    const [rest] = some(states, false);
    if (rest === undefined) return matrices.update(states, gradients);
    if (others === undefined) {
      const text = `${rest} is not a matrix that it updates: give an optimizer of the others, such as others: optim.adamw({ lr, name: 'adamw' })`;
      throw new GraphError('option', 'muon', text);
    }
    return [
      ...matrices.update(some(states, true), some(gradients, true)),
      ...others.update(some(states, false), some(gradients, false)),
    ];
  });
}

/** After so many iterations nothing changes any more, at the coefficients that there are. */
const MOST_ITERATIONS = 20;

/** Coefficients of an iteration `a X + (b A + c A A) X` with A = X Xᵀ (Jordan et al. 2024): large at 0, for speed. */
const [LINEAR, CUBIC, QUINTIC] = [3.4445, -4.775, 2.0315];

/** The nearest orthogonal matrix of a matrix, nearly: its singular values become some from 0.7 to 1.2. */
function orthogonalized(matrix: Tensor, iterations: number, eps: number): Tensor {
  const [rows, columns] = sidesOf(matrix);
  // The product of the shorter sides is the smaller one.
  const wide = rows > columns ? matrix.transpose() : matrix;
  let x = wide.div(wide.square().sum().sqrt().maximum(eps));
  for (let k = 0; k < iterations; k++) {
    const gram = x.matmul(x.transpose());
    const odd = gram.mul(CUBIC).add(gram.matmul(gram).mul(QUINTIC));
    x = x.mul(LINEAR).add(odd.matmul(x));
  }
  return rows > columns ? x.transpose() : x;
}

function scaleOf(matrix: Tensor, scale: 'original' | 'matchRmsAdamw'): number {
  const [inputs, outputs] = sidesOf(matrix);
  if (scale === 'matchRmsAdamw') return 0.2 * Math.sqrt(Math.max(inputs, outputs));
  return Math.sqrt(Math.max(1, outputs / inputs));
}

/** The extents of a matrix, which as that of a state has fixed ones. */
function sidesOf(matrix: Tensor): [rows: number, columns: number] {
  const [rows = 0, columns = 0] = shapeOf(matrix);
  return [rows, columns];
}
