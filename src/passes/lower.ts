import { type Module, type Node, neededBy } from '../graph/index.ts';
import { definitionOf } from '../graph/ops/table.ts';
import { withoutDead } from '../loops/edges.ts';
import {
  accumulators,
  axesOver,
  axisRef,
  constant,
  type Expr,
  elementCount,
  type Loop,
  load,
  loadedDtype,
  type Origin,
  type Param,
  paramRef,
  type Tensor,
} from '../loops/index.ts';
import { simplify } from '../loops/simplify.ts';

/** The tensors of a module that outlive one entry: inputs, row numbers, states and given arrays. */
export interface Storage {
  /** Data of an input: for a row input of role `data`, else `input`. */
  readonly inputs: ReadonlyMap<Node, Tensor>;
  /** Row numbers, by the name of the bounded size that they are for. */
  readonly rows: ReadonlyMap<string, Tensor>;
  readonly states: ReadonlyMap<Node, Tensor>;
  /** The value of a state after the step; it lies over the old one. */
  readonly next: ReadonlyMap<Node, Tensor>;
  readonly literals: ReadonlyMap<Node, Tensor>;
}

/** Declares storage for everything in a module that outlives one entry. */
export function declareStorage(module: Module): Storage {
  const inputs = new Map<Node, Tensor>();
  const rows = new Map<string, Tensor>();
  for (const input of module.inputs) {
    const [first] = input.shape;
    const isRows = typeof first === 'object' && first.factor === 1;
    inputs.set(input, tensorOf(input, labelOf(input), isRows ? 'data' : 'input'));
    if (isRows && !rows.has(first.size.name)) {
      rows.set(first.size.name, {
        name: `${first.size.name}_rows`,
        shape: [first],
        dtype: 'i32',
        role: 'rows',
      });
    }
  }
  const states = new Map<Node, Tensor>();
  const next = new Map<Node, Tensor>();
  for (const { node, name } of module.states) {
    const state = tensorOf(node, name, 'state');
    states.set(node, state);
    next.set(node, { ...tensorOf(node, `${name}'`, 'next'), over: state });
  }
  const literals = new Map<Node, Tensor>();
  for (const node of module.graph.nodes) {
    if (node.op === 'literal') literals.set(node, tensorOf(node, labelOf(node), 'constant'));
  }
  return { inputs, rows, states, next, literals };
}

/**
 * Lowers one entry to loops, one for each operation that computes, in an order that runs: movements become index
 * expressions of their readers (a long chain of them is a loop too), leaves become loads, outputs and next states become
 * loops that copy.
 *
 * Row inputs are read as `data[rows[i], …]`, so that one program serves a shuffled dataset and an uploaded
 * batch alike.
 *
 * @param entry name of the entry
 */
export function lower(module: Module, entry: string, storage: Storage): Loop[] {
  const found = module.entries.find((e) => e.name === entry);
  if (found === undefined) throw new RangeError(`module ${module.name} has no entry ${entry}`);
  const loops: Loop[] = [];
  const tensors = new Map<Node, Tensor>();
  // One object for each, so that loops that become one name it once.
  const origins = new Map<Node, Origin>();
  /** Movements with a name of their own that the loop in the making reads through: it is all that computes them. */
  const moves = new Set<Node>();
  const takeMoves = (): Origin[] => {
    const taken = [...moves].map((node) => {
      const origin = origins.get(node) ?? originOf(node);
      origins.set(node, origin);
      return origin;
    });
    moves.clear();
    return taken;
  };

  const element = (node: Node, at: readonly Expr[]): Expr => {
    // Nothing is stored for a tensor without elements; what reads it does so under a guard that never holds.
    if (elementCount(node.shape) === 0) return constant(0, loadedDtype(node.dtype));
    const tensor = tensors.get(node);
    if (tensor !== undefined) return load(tensor, at);
    const { lower: lowering } = definitionOf(node.op);
    if (lowering.kind === 'leaf') return leaf(node, at);
    if (lowering.kind === 'value') {
      if (hasOwnName(node)) moves.add(node);
      return lowering.value({ node, read: (k, index) => element(operand(node, k), index) }, at);
    }
    throw new RangeError(`${describe(node)} is read before it is computed`);
  };

  const leaf = (node: Node, at: readonly Expr[]): Expr => {
    switch (node.op) {
      case 'input': {
        const data = given(storage.inputs, node);
        if (data.role === 'input') return load(data, at);
        const [first, ...rest] = at;
        const dim = data.shape[0];
        if (first === undefined || typeof dim !== 'object')
          throw new RangeError(`${describe(node)} has no rows`);
        return load(data, [load(given(storage.rows, dim.size.name), [first]), ...rest]);
      }
      case 'state':
        return load(given(storage.states, node), at);
      case 'literal':
        return load(given(storage.literals, node), at);
      case 'param':
        return paramRef(paramOf(node));
      case 'constant':
        return constant(Number(node.attrs.value), node.dtype);
      default:
        throw new RangeError(`${describe(node)}: a leaf that the lowering does not know`);
    }
  };

  const compute = (node: Node, tensor: Tensor): void => {
    const { lower: lowering } = definitionOf(node.op);
    const axes = axesOver(node.shape, 'i');
    const at = axes.map(axisRef);
    const ctx = { node, read: (k: number, index: readonly Expr[]): Expr => element(operand(node, k), index) };
    const loop = { name: tensor.name, axes };
    const origin = (): Origin[] => [...takeMoves(), originOf(node)];
    if (lowering.kind !== 'reduce') {
      const value = lowering.kind === 'value' ? lowering.value(ctx, at) : leaf(node, at);
      loops.push({
        ...loop,
        reduceAxes: [],
        reductions: [],
        outs: [{ tensor, at: axes, value: simplify(value) }],
        origin: origin(),
      });
      return;
    }
    const reduceAxes = axesOver(lowering.over(node), 'k');
    const reductions = lowering
      .reductions(ctx, at, reduceAxes.map(axisRef))
      .map((r) => ({ ...r, body: simplify(r.body) }));
    const acc = reductions.map((_, k) => accumulators(reductions, k));
    const value = simplify(lowering.value(ctx, at, acc));
    const outs = [{ tensor, at: axes, value }];
    loops.push({ ...loop, reduceAxes, reductions, outs, origin: origin() });
  };

  const finals = [...found.outputs.map((o) => o.node), ...found.updates.map((u) => u.next)];
  /** Of each movement that is not computed, which others are in the index expressions of its readers. */
  const composed = new Map<Node, Composed>();
  for (const node of neededBy(finals)) {
    const definition = definitionOf(node.op);
    if (definition.lower.kind === 'leaf' || elementCount(node.shape) === 0) continue;
    if (definition.isMovement) {
      const own = node.inputs.flatMap((input) => composed.get(input) ?? []);
      const depth = own.reduce((most, each) => Math.max(most, each.depth), 0) + 1;
      const count = own.reduce((n, each) => n + each.count, 1);
      if (depth <= MOST_DEEP && count <= MOST_COMPOSED) {
        composed.set(node, { depth, count });
        continue;
      }
    }
    const tensor = tensorOf(node, labelOf(node), 'temp');
    compute(node, tensor);
    tensors.set(node, tensor);
  }
  const copy = (node: Node, tensor: Tensor): void => {
    if (elementCount(tensor.shape) === 0) return;
    const axes = axesOver(tensor.shape, 'i');
    const value = simplify(element(node, axes.map(axisRef)));
    const kind = tensor.role === 'next' ? 'update' : 'output';
    loops.push({
      name: tensor.name,
      axes,
      reduceAxes: [],
      reductions: [],
      outs: [{ tensor, at: axes, value }],
      origin: [...takeMoves(), { ...originOf(node), node: `${kind} ${tensor.name}` }],
    });
  };
  for (const { name, node } of found.outputs) {
    copy(node, { name, shape: node.shape, dtype: loadedDtype(node.dtype), role: 'result' });
  }
  for (const { state, next } of found.updates) copy(next, given(storage.next, state));
  // Simplifying may leave operands that nobody reads, `where(c, x, x)`.
  return withoutDead(loops);
}

/** The movements that are composed into one index expression. */
interface Composed {
  /** On the longest way through them. */
  readonly depth: number;
  /** All of them, each once for each place where it is read. */
  readonly count: number;
}

/**
 * Movements on the longest way through one index expression, at most: of a longer chain every so many are a loop of their own,
 * which fusion inlines again once its indices are simple. Composing recurses. Assumed, far below any stack: half and twice as many
 * give the same programs of the workloads w2, w3, w8 and w9.
 */
const MOST_DEEP = 32;

/**
 * Movements in one index expression, at most, each counted in each place where it is read, as by a concatenation of what was
 * concatenated. Assumed, eight a link of the longest chain; half and twice as many give the same programs, as above.
 */
const MOST_COMPOSED = 256;

/** The run-time scalar that a node of operation `param` stands for. */
export function paramOf(node: Node): Param {
  return {
    name: String(node.attrs.name),
    dtype: node.dtype === 'f32' || node.dtype === 'u32' ? node.dtype : 'i32',
    initial: Number(node.attrs.initial),
  };
}

function operand(node: Node, k: number): Node {
  const input = node.inputs[k];
  if (input === undefined) throw new RangeError(`${describe(node)} has no operand ${k}`);
  return input;
}

function given<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new RangeError(`no storage was declared for ${String(key)}`);
  return value;
}

function tensorOf(node: Node, name: string, role: Tensor['role']): Tensor {
  return { name, shape: node.shape, dtype: node.dtype, role };
}

function labelOf(node: Node): string {
  return node.label ?? `${node.op}_${node.id}`;
}

/** Whether a node has a name that what it moves does not have too. */
function hasOwnName({ label, inputs }: Node): boolean {
  return label !== undefined && inputs[0]?.label !== label;
}

function describe(node: Node): string {
  return `${labelOf(node)} (${node.op})`;
}

function originOf(node: Node): Origin {
  const operands = node.inputs.map((input) => input.label ?? `%${input.id}`).join(', ');
  const text = `${node.label ?? `%${node.id}`} = ${node.op}(${operands})`;
  const { id, source } = node;
  return source === undefined ? { node: text, id } : { node: text, source, id };
}
