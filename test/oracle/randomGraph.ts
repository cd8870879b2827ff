import { defineModule, type Module, type ModuleBuilder, Tensor, type Update } from '../../src/graph/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { firstValues, type Given } from '../../src/reference/index.ts';
import { Dice } from './dice.ts';
import { Draft, type Drawn, moderate } from './draft.ts';
import { recipes } from './recipes.ts';

/** What a random graph may hold. */
export interface RandomOptions {
  /** Names of the recipes that are used (`recipes.ts`); all where it is left out. */
  readonly ops?: readonly string[];
  /** Only operations with a gradient almost everywhere, and inputs without equal values. */
  readonly differentiable?: boolean;
  /** Operations drawn, at most; 12 by default. */
  readonly maxNodes?: number;
  /** States and their updates: accumulated, swapped, shifted, turned, with old values returned. */
  readonly withState?: boolean;
  /** Outputs `loss` and its gradients. */
  readonly withGradients?: boolean;
}

/** What one step is given. */
export interface RandomStep {
  readonly inputs: Readonly<Record<string, Given>>;
  readonly params: Readonly<Record<string, number>>;
  readonly live: Readonly<Record<string, number>>;
}

/** A random module, with values to run it on. */
export interface RandomCase {
  readonly seed: number;
  /** Entry `run`, and in some modules `other`, over the same inputs and states. */
  readonly module: Module;
  /** First values of the states. */
  readonly states: Readonly<Record<string, Given>>;
  /** What step `k` (from 0) is given: other values, and another number of live rows. */
  readonly step: (k: number) => RandomStep;
  /** With gradients: the output that is the gradient of output `loss` in an input or a state. */
  readonly gradients: readonly {
    readonly output: string;
    readonly of: 'inputs' | 'states';
    readonly name: string;
  }[];
}

/**
 * A random module: primitive operations over odd shapes (scalars, ones, zeros and bounded sizes among them),
 * with several outputs. It is the same for one seed and the same options.
 *
 * Floats stay small, and what is discontinuous is computed of exact values only, so that float32 results are
 * near those in float64.
 */
export function randomModule(seed: number, options: RandomOptions = {}): RandomCase {
  const found: { draft?: Draft; gradients: RandomCase['gradients'] } = { gradients: [] };
  const name = `random-${seed}`;
  const build = (m: ModuleBuilder): void => {
    const draft = new Draft(m, seed, options.differentiable !== true);
    found.draft = draft;
    plant(draft, options);
    grow(draft, options);
    const outputs = outputsOf(draft);
    if (options.withGradients === true) found.gradients = differentiate(draft, outputs);
    m.entry('run', { ...outputs, updates: updatesOf(draft, outputs) });
    if (draft.dice.chance(0.3)) m.entry('other', outputsOf(draft));
  };
  // With a source of its own, no node reads the call stack, which would take most of the time.
  const module = defineModule(name, (m) => m.graph.withSource(name, () => build(m)));
  const { draft } = found;
  if (draft === undefined) throw new Error('defineModule did not call back');
  const statesDice = new Dice(seed ^ 0x51a7e5);
  return {
    seed,
    module,
    states: {
      ...Object.fromEntries(firstValues(module, {}, seed)),
      ...Object.fromEntries(draft.states.map((state) => [state.name, draft.values(state, {}, statesDice)])),
    },
    step: (k) => stepOf(draft, new Dice(seed ^ Math.imul(k + 1, 0x9e3779b1))),
    gradients: found.gradients,
  };
}

function stepOf(draft: Draft, dice: Dice): RandomStep {
  const live = draft.size === undefined ? {} : { [draft.size.name]: dice.between(1, draft.size.max) };
  return {
    live,
    inputs: Object.fromEntries(draft.inputs.map((input) => [input.name, draft.values(input, live, dice)])),
    params: { rate: dice.unit() },
  };
}

/** The leaves: inputs of several types, states, run-time scalars. */
function plant(draft: Draft, { differentiable, withState }: RandomOptions): void {
  const { dice, m, pool } = draft;
  for (let k = dice.between(1, 3); k > 0; k--) pool.push(draft.input(draft.shape()));
  if (differentiable !== true) {
    for (const dtype of dice.shuffled(['i32', 'u32', 'bool', 'u8'] as const).slice(0, dice.between(0, 2))) {
      pool.push(draft.input(draft.shape(), dtype));
    }
  }
  if (withState === true) {
    const dtype = differentiable !== true && dice.chance(0.2) ? 'i32' : 'f32';
    const square = dice.between(1, 5);
    const shape = dice.oneOf<readonly number[]>([
      [],
      [dice.between(1, 9)],
      [dice.between(1, 4), dice.between(1, 6)],
      [square, square],
    ]);
    for (let k = dice.between(1, 3); k > 0; k--) pool.push(draft.state(shape, dtype));
  }
  const rate = m.param('rate', { initial: 0.5 });
  if (dice.chance(0.3)) pool.push({ tensor: rate, bound: 1, exact: true });
  if (dice.chance(0.1)) pool.push({ tensor: m.step(), bound: 64, exact: true });
}

function grow(draft: Draft, { ops, differentiable, maxNodes = 12 }: RandomOptions): void {
  const all = Object.entries(
    differentiable === true ? recipes.smooth : { ...recipes.smooth, ...recipes.discrete },
  );
  const usable = all.filter(([name]) => ops === undefined || ops.includes(name)).map(([, recipe]) => recipe);
  const count = draft.dice.between(Math.min(2, maxNodes), maxNodes);
  // A recipe that finds nothing to work on is no operation: others get their turn, but not for ever.
  for (let made = 0, tries = 0; made < count && tries < 8 * count; tries++) {
    const drawn = draft.dice.maybeOneOf(usable)?.(draft);
    if (drawn === undefined) continue;
    draft.pool.push(drawn);
    made++;
  }
}

/** One to four outputs: the last tensor, and some before it. */
function outputsOf(draft: Draft): Record<string, Tensor> {
  const fit = draft.pool.filter(({ tensor }) => tensor.dtype !== 'u8').reverse();
  const [last, ...before] = fit;
  const chosen = [
    ...(last === undefined ? [] : [last]),
    ...draft.dice.shuffled(before).slice(0, draft.dice.below(4)),
  ];
  return Object.fromEntries(chosen.map(({ tensor }, k) => [`out${k}`, tensor]));
}

/** Adds `loss` and its gradients to the outputs. The loss weighs elements differently, so that none cancel. */
function differentiate(draft: Draft, outputs: Record<string, Tensor>): RandomCase['gradients'] {
  const floats = draft.pool.filter(({ tensor }) => tensor.dtype === 'f32');
  const parts = [floats.at(-1), draft.dice.maybeOneOf(floats)].filter((part) => part !== undefined);
  const weighed = parts.map((part) => {
    const { tensor } = moderate(part, 4);
    const last = tensor.shape.length - 1;
    return tensor.mul(tensor.iotaLike(last).cast('f32').mul(0.3).add(0.7)).sum();
  });
  const loss = weighed.reduce((a, b) => a.add(b));
  const leaves = [
    ...draft.inputs.map(({ name }) => ({ of: 'inputs' as const, name })),
    ...draft.states.map(({ name }) => ({ of: 'states' as const, name })),
  ];
  const reached = smoothLeaves(loss);
  const wrt = leaves.flatMap((leaf) => {
    const tensor = reached.get(leaf.name);
    return tensor === undefined ? [] : [{ ...leaf, tensor }];
  });
  outputs.loss = loss;
  const grads = gradients(
    loss,
    wrt.map(({ tensor }) => tensor),
  );
  return wrt.flatMap(({ of, name }, k) => {
    const grad = grads[k];
    if (grad === undefined) return [];
    const output = `grad of ${name}`;
    outputs[output] = grad;
    return [{ output, of, name }];
  });
}

/** The inputs and states that a tensor depends on through floats alone, by name. */
function smoothLeaves(loss: Tensor): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  const seen = new Set([loss.node]);
  for (const node of seen) {
    if (node.op === 'input' || node.op === 'state') {
      const { name } = node.attrs;
      if (typeof name === 'string') found.set(name, new Tensor(loss.graph, node));
    }
    for (const input of node.inputs) if (input.dtype === 'f32') seen.add(input);
  }
  return found;
}

/** Next values that stay in the range of first values, so that any number of steps may follow. */
function updatesOf(draft: Draft, outputs: Record<string, Tensor>): Update[] {
  const { dice, states } = draft;
  const [first] = states;
  if (first === undefined) return [];
  if (dice.chance(0.3)) outputs.old = first.tensor;
  const rotated = states.map(({ tensor }, k) => ({
    state: tensor,
    next: states[(k + 1) % states.length]?.tensor ?? tensor,
  }));
  // All of them at once: a swap, or a rotation.
  if (states.length > 1 && dice.chance(0.3)) return rotated;
  return states.flatMap(({ tensor: state }, k): Update[] => {
    if (dice.chance(0.1)) return [];
    const previous = states[k - 1]?.tensor;
    if (previous !== undefined && dice.chance(0.4)) return [{ state, next: previous }];
    return [{ state, next: nextOf(draft, state) }];
  });
}

function nextOf(draft: Draft, state: Tensor): Tensor {
  const { dice } = draft;
  const fit = draft.pool.filter(({ tensor }) => tensor.dtype === state.dtype && sameNumbers(tensor, state));
  const source: Drawn = dice.maybeOneOf(fit) ?? { tensor: state, bound: 2, exact: true };
  const [rows, columns] = state.shape;
  const turned = [
    ...(state.shape.length > 0 ? [() => state.flip()] : []),
    ...(rows !== undefined && rows === columns ? [() => state.transpose()] : []),
  ];
  const turn = dice.chance(0.3) ? dice.maybeOneOf(turned) : undefined;
  if (turn !== undefined) return turn();
  if (state.dtype !== 'f32') return dice.chance(0.5) ? source.tensor : state.add(source.tensor);
  const { tensor } = moderate(source, 2);
  if (dice.chance(0.3)) return tensor;
  if (rows !== undefined && rows === columns && dice.chance(0.4)) return state.matmul(state).tanh();
  return state.mul(0.5).add(tensor.mul(0.5));
}

function sameNumbers(a: Tensor, b: Tensor): boolean {
  return (
    a.shape.length === b.shape.length &&
    a.shape.every((dim, k) => typeof dim === 'number' && dim === b.shape[k])
  );
}
