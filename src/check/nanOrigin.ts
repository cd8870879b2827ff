import type { Module, Node } from '../graph/index.ts';
import {
  entryOf,
  evaluation,
  type Feeds,
  feedsOf,
  firstValues,
  type NDArray,
  type Precision,
  rootsOf,
  trimmed,
} from '../reference/index.ts';
import type { Found, OriginOf, Suspect } from '../train/suspect.ts';
import { nonFiniteOf, type Origin } from './nonFinite.ts';

/**
 * Where the NaN of a step begins, or the infinity that it is made of: the first node that has one, by the reference evaluator
 * from the states before the step. Undefined where the step has none.
 *
 * @param turn called before each node, of which a large one may take long
 * @throws what `turn` throws
 */
export async function nanOrigin(
  module: Module,
  suspect: Suspect,
  turn: Parameters<OriginOf>[1],
): Promise<Found | undefined> {
  const { entry, step, inputs, params, live } = suspect;
  const declared = entryOf(module, entry);
  const states = firstValues(module, suspect.states, 0);
  const feeds = feedsOf({ states, step, inputs, params, live });
  const roots = rootsOf(declared);
  const found = nonFiniteOf(
    declared,
    { entry, step },
    {
      f64: { values: await valuesOf(roots, feeds, 'f64', turn) },
      f32: { values: await valuesOf(roots, feeds, 'f32', turn) },
    },
    suspect.state,
  );
  const first = found?.infinity ?? found?.origin;
  return first === undefined ? undefined : textOf(first);
}

async function valuesOf(
  roots: readonly Node[],
  feeds: Feeds,
  precision: Precision,
  turn: Parameters<OriginOf>[1],
): Promise<ReadonlyMap<Node, NDArray>> {
  const steps = evaluation(roots, feeds, precision);
  for (;;) {
    await turn();
    const { done, value } = steps.next();
    if (done !== true) continue;
    // What is not live holds anything.
    for (const [node, array] of value) value.set(node, trimmed(array, node.shape, feeds.live ?? {}));
    return value;
  }
}

function textOf({ node, index, value, operands, float64, state }: Origin): Found {
  const made =
    operands.length === 0 ? 'as it is given' : `${node.op}(${operands.map((x) => x ?? '…').join(', ')})`;
  const where = index.length === 0 ? 'its value' : `element [${index.join(', ')}]`;
  const large = float64 === null ? '' : `, in float64 ${float64}`;
  return {
    node: node.text,
    source: node.source ?? undefined,
    text: `${where} is ${value}, ${made}${large}`,
    given: state === null ? undefined : { state, index },
  };
}
