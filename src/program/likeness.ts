import { copyOf } from '../kernels/copies.ts';
import {
  type EvaluatedKernel,
  expressionsOf,
  type Kernel,
  LOCAL_ID,
  type Placement,
  type Stmt,
  statementsIn,
  WORKGROUP_ID,
} from '../kernels/kernel.ts';
import { meetings } from '../kernels/meetings.ts';
import { elementCount, loadsIn, type Tensor } from '../loops/index.ts';

/** What a kernel is whatever its variables and tensors are called, and wherever these lie. */
export interface Likeness {
  /** Equal for kernels whose texts differ in names and places alone. */
  readonly key: string;
  /** Its tensors that the plan of memory places, in the order in which its body has them, and where they lie. */
  readonly placed: readonly Placed[];
}

/** A tensor and the element of its arena at which it begins. */
export interface Placed {
  readonly tensor: Tensor;
  readonly offset: number;
}

/**
 * Tensors whose places a kernel may be told, 4 KiB of a uniform block; assumed: more are the states of many layers in one
 * dispatch, which no other is like.
 */
const MOST_PLACES = 1024;

/** What has the name of a variable: statements, and expressions that read one. */
const named: ReadonlySet<unknown> = new Set(['let', 'var', 'assign', 'for']);

/**
 * Layers that are alike have kernels that are: one text serves them all, and is told the places of its tensors.
 *
 * @param placement where each tensor of a buffer lies
 */
export function likenessOf(
  { kind, grid, live, workgroup, arrays, body }: EvaluatedKernel,
  placement: (tensor: Tensor) => Placement,
): Likeness {
  const tensors = tensorsIn(body, new Set(arrays));
  const placed = tensors.flatMap((tensor) => placedAt(tensor, placement));
  const about = tensors.map((tensor) => {
    const place = placement(tensor);
    return [tensor.dtype, elementCount(tensor.shape), isFixed(place) ? place : place.arena];
  });
  const own = arrays.map(({ role, dtype, shape }) => [role, dtype, shape]);
  const numbers = new Map([...arrays, ...tensors].map((tensor, k) => [tensor, k]));
  const variables = new Map<unknown, unknown>([WORKGROUP_ID, LOCAL_ID].map((name) => [name, name]));
  const apart = placed.length > MOST_PLACES ? placed.map(({ offset }) => offset) : [];
  const spans = placed.map(({ tensor, offset }) => ({
    arena: placement(tensor).arena,
    offset,
    elements: elementCount(tensor.shape),
  }));
  const text = [kind, grid, live, workgroup, own, about, meetings(spans), apart, body];
  const key = JSON.stringify(text, function canonical(this: unknown, field: string, value: unknown): unknown {
    if (field === 'tensor') return numbers.get(value as Tensor);
    if (field === 'name' && named.has(Object(this).kind)) {
      if (!variables.has(value)) variables.set(value, variables.size);
      return variables.get(value);
    }
    // JSON has neither -0 nor what is not finite.
    if (typeof value === 'number' && (Object.is(value, -0) || !Number.isFinite(value)))
      return `${1 / value} ${value}`;
    return Object(value).kind === 'comment' ? null : value;
  });
  return { key, placed };
}

/**
 * The same of several kernels; of copies by what they are copies of.
 *
 * @returns a function that keeps what it found, for as long as the placement is the same
 */
export function likenesses(placement: (tensor: Tensor) => Placement): (kernel: EvaluatedKernel) => Likeness {
  const known = new Map<Kernel, Likeness>();
  return (kernel) => {
    const copy = copyOf(kernel);
    const first = copy === undefined ? undefined : known.get(copy.of);
    // Beyond that the key is of places too.
    if (copy !== undefined && first !== undefined && first.placed.length <= MOST_PLACES)
      return {
        key: first.key,
        placed: first.placed.flatMap(({ tensor }) => placedAt(copy.tensors.get(tensor) ?? tensor, placement)),
      };
    const likeness = likenessOf(kernel, placement);
    known.set(kernel, likeness);
    return likeness;
  };
}

/** A tensor of a buffer, if the plan of memory places it. */
function placedAt(tensor: Tensor, placement: (tensor: Tensor) => Placement): Placed[] {
  const place = placement(tensor);
  return isFixed(place) ? [] : [{ tensor, offset: place.offset }];
}

/** Whether a place is part of a kernel, and not told to it. */
function isFixed(place: Placement): place is Extract<Placement, { arena: 'data' | 'results' }> {
  return place.arena === 'data' || place.arena === 'results';
}

/** The tensors of buffers that a body reads or writes, in its order. */
function tensorsIn(body: readonly Stmt[], own: ReadonlySet<Tensor>): Tensor[] {
  const found = new Set<Tensor>();
  for (const stmt of statementsIn(body)) {
    for (const { tensor } of loadsIn(...expressionsOf(stmt))) found.add(tensor);
    if (stmt.kind === 'store') found.add(stmt.tensor);
  }
  return [...found].filter((tensor) => !own.has(tensor));
}
