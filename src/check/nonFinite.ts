import { type ModuleEntry, type Node, neededBy } from '../graph/index.ts';
import type { NDArray, ReferenceStep } from '../reference/index.ts';
import { indexOf } from './closeness.ts';
import { type NodePlace, nodePlace } from './nodePlace.ts';
import type { Play, TensorPlace } from './plays.ts';

/** Where a NaN or an infinity of a step's results comes from. */
export interface NonFinite extends Play {
  /** The result that has it. */
  readonly result: TensorPlace;
  /** Where there was none before; the NaN, or the infinity. */
  readonly origin: Origin;
  /** The infinity that the NaN was made of, where it was. */
  readonly infinity: Origin | null;
}

/** The first node, operands first, that has such an element; all of its operands are free of it. */
export interface Origin {
  readonly node: NodePlace;
  readonly index: readonly number[];
  readonly value: number;
  /** The operands' elements at the same index, where they have the node's shape or are scalars. */
  readonly operands: readonly (number | null)[];
  /** The value in float64, where that is finite: the number is too large for float32. */
  readonly float64: number | null;
  /** The state that the node is, which has it before the step. */
  readonly state: string | null;
}

/** Values of a step's nodes in both precisions. */
export type ValuesOfStep = Readonly<Record<'f64' | 'f32', Pick<ReferenceStep, 'values'>>>;

/**
 * Where the first NaN of a step's outputs and next states comes from, by the reference evaluator in float32; where
 * there is none, their first infinity. Undefined where all are finite.
 *
 * @param state only the next value of this state is looked at, where one is named
 */
export function nonFiniteOf(
  entry: ModuleEntry,
  play: Play,
  step: ValuesOfStep,
  state?: string,
): NonFinite | undefined {
  const all = [
    ...entry.outputs.map(({ name, node }) => ({ place: { kind: 'output' as const, name }, node })),
    ...entry.updates.map(({ state, next }) => ({
      place: { kind: 'state' as const, name: String(state.attrs.name) },
      node: next,
    })),
  ];
  const results =
    state === undefined ? all : all.filter(({ place }) => place.kind === 'state' && place.name === state);
  for (const isSuch of [Number.isNaN, isInfinite]) {
    const result = results.find(({ node }) => elementOf(step.f32.values.get(node), isSuch) >= 0);
    if (result === undefined) continue;
    const origin = originOf([result.node], step, isSuch);
    if (origin === undefined) continue;
    const infinity = isSuch === isInfinite ? undefined : originOf(origin.node.inputs, step, isInfinite);
    return {
      ...play,
      result: result.place,
      origin: origin.described,
      infinity: infinity?.described ?? null,
    };
  }
  return undefined;
}

function originOf(
  roots: readonly Node[],
  { f32, f64 }: ValuesOfStep,
  isSuch: (x: number) => boolean,
): { readonly node: Node; readonly described: Origin } | undefined {
  for (const node of neededBy(roots)) {
    const values = f32.values.get(node);
    const at = elementOf(values, isSuch);
    if (values === undefined || at < 0) continue;
    const operands = node.inputs.map((input) => {
      const { data } = f32.values.get(input) ?? values;
      return (data.length === 1 ? data[0] : data.length === values.data.length ? data[at] : null) ?? null;
    });
    const exact = f64.values.get(node)?.data[at] ?? Number.NaN;
    return {
      node,
      described: {
        node: nodePlace(node),
        index: indexOf(at, values.shape),
        value: values.data[at] ?? Number.NaN,
        operands,
        float64: Number.isFinite(exact) ? exact : null,
        state: node.op === 'state' ? String(node.attrs.name) : null,
      },
    };
  }
  return undefined;
}

function elementOf(values: NDArray | undefined, isSuch: (x: number) => boolean): number {
  return values === undefined ? -1 : values.data.findIndex(isSuch);
}

function isInfinite(x: number): boolean {
  return Math.abs(x) === Infinity;
}
