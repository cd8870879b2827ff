import { isFloat, shapeText } from '../loops/index.ts';
import { requireFlag, requireOptions, shown } from './arguments.ts';
import { GraphError } from './issues.ts';
import type { CustomRule } from './ops/customRule.ts';
import type { VjpContext } from './ops/definition.ts';
import { sameShape } from './shape.ts';
import { requireTensor, typed, Value } from './tensor/value.ts';
import type { Tensor } from './tensor.ts';

/** What a gradient of one's own is made of. */
export interface CustomContext {
  /** What the function was applied to. */
  readonly inputs: readonly Tensor[];
  /** What it gave. */
  readonly output: Tensor;
  /** The loss's gradient in that, of its shape. */
  readonly cotangent: Tensor;
}

/**
 * The loss's gradient in each input, of its shape, built of tensors: the one of a single input, or a list, in which
 * `undefined` says that an input has none.
 */
export type GradientRule = (context: CustomContext) => Tensor | readonly (Tensor | undefined)[];

export interface CustomGradientOptions {
  /**
   * Whether the rule is not the derivative, on purpose, as that of a straight-through estimator (Bengio, Léonard and
   * Courville 2013) or of gradient reversal: `sinter check` then does not compare the two.
   */
  readonly estimate?: boolean;
}

/**
 * A function whose gradient is the given one, in place of that of its pieces: for derivatives that are known in a better
 * form, and for estimates of those that are not there.
 *
 * ```ts
 * const rounded = customGradient((x) => x.round(), ({ cotangent }) => cotangent, { estimate: true });
 * const clipped = customGradient((x) => x, ({ cotangent }) => cotangent.clamp(-1, 1), { estimate: true });
 * ```
 *
 * What it uses besides its inputs, such as weights that it finds outside, has no gradient through it: give it as an input.
 * The rule is called once for each input that a gradient is wanted in; what it is built of differentiates again.
 *
 * @param f  from tensors to a float of any shape
 * @param vjp from `{ inputs, output, cotangent }` to the gradients in the inputs, each of its input's shape
 * @throws GraphError where `f` gives no float tensor, and, once it is differentiated, where `vjp` does not fit the inputs
 */
export function customGradient<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => Tensor,
  vjp: GradientRule,
  options: CustomGradientOptions = {},
): (...inputs: Inputs) => Tensor<'f32'> {
  const op = 'customGradient';
  for (const [name, given] of Object.entries({ f, vjp })) {
    if (typeof given === 'function') continue;
    throw new GraphError('option', op, `${name} is ${shown(given)}: it must be a function`);
  }
  requireOptions(op, options, ['estimate']);
  const { estimate = false } = options;
  requireFlag(op, 'estimate', estimate);
  const rule: CustomRule = {
    cotangents: (context) => cotangentsOf(vjp, context),
    isEstimate: estimate,
  };
  return (...inputs) => {
    for (const input of inputs) requireTensor(op, input);
    const [first] = inputs;
    if (first === undefined) throw new GraphError('operands', op, 'needs at least one input');
    const { graph } = first;
    const nodes = inputs.map(({ node }) => node);
    graph.requireOwn(op, nodes);
    const number = graph.numberOfRule(rule);
    const value = f(...marked(inputs, number));
    requireTensor(op, value);
    graph.requireOwn(op, [value.node]);
    if (!isFloat(value.dtype))
      throw new GraphError('gradient', op, `its function gives ${value}, which is not a float`);
    const node = graph.build('custom', [value.detach().node, ...nodes], { rule: number });
    return typed(value.wrap(node), 'f32');
  };
}

/**
 * What the function is given: each input apart from all others, and from what it finds outside, so that one can be moved alone.
 * (Its gradient is that of the rule: none goes through here.)
 */
function marked<Inputs extends readonly Tensor[]>(inputs: Inputs, rule: number): Inputs {
  const made = inputs.map((input, k) =>
    input.wrap(input.graph.build('detach', [input.node], { rule, input: k })),
  );
  if (!isLike(made, inputs)) throw new TypeError('as many as there are inputs');
  return made;
}

function isLike<Inputs extends readonly Tensor[]>(made: readonly Tensor[], inputs: Inputs): made is Inputs {
  return made.length === inputs.length;
}

/** What a rule gives, checked. @throws GraphError where it does not fit the inputs */
function cotangentsOf(
  rule: GradientRule,
  { node, inputs, output, cotangent }: VjpContext,
): readonly Tensor[] {
  const given = inputs.slice(1);
  const made: unknown = rule({ inputs: given, output, cotangent });
  const all: readonly unknown[] = Array.isArray(made) ? made : [made];
  if (made === undefined) {
    const text = 'its rule returns nothing: a list says by undefined that an input has no gradient';
    throw new GraphError('gradient', 'customGradient', text, node.source);
  }
  const fail = (text: string): never => {
    throw new GraphError('gradient', 'customGradient', `its rule gives ${text}`, node.source);
  };
  if (all.length !== given.length) fail(`${all.length} gradients for ${given.length} inputs`);
  return given.map((input, k) => {
    const own = all[k];
    if (own === undefined) return input.fullLike(0);
    if (!(own instanceof Value)) return fail(`${shown(own)} for input ${k}, not a tensor`);
    if (own.graph !== input.graph) fail(`a tensor of another graph for input ${k}`);
    if (own.dtype === input.dtype && sameShape(own.shape, input.shape)) return input.wrap(own.node);
    const [found, wanted] = [own, input].map((t) => `${t.dtype}${shapeText(t.shape)}`);
    return fail(`${found} for input ${k}, which is ${wanted}`);
  });
}
