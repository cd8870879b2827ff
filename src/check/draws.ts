import { definitionOf, type Module, type Node, neededBy, sourceOf } from '../graph/index.ts';
import { elementCount, extentOf } from '../loops/size.ts';
import { entryOf, type Given } from '../reference/index.ts';
import type { InputSlot, ValueType } from '../runtime/program.ts';
import { normal, uniform } from '../runtime/random.ts';

/**
 * Inputs of one step of an entry, drawn from a seed: within the range of what is used as indices or labels, 0 or 1 where an
 * operation takes probabilities, such as labels of two classes, else floats standard normal, pixels (u8) 0 to 255, other integers small. Bounded sizes are full.
 *
 * @param slots of the module's program: they say which inputs have a range
 * @param draw numbers the step: each has values of its own
 */
export function drawInputs(
  module: Module,
  entry: string,
  slots: readonly InputSlot[],
  seed: number,
  draw: number,
): Record<string, Given> {
  const { outputs, updates } = entryOf(module, entry);
  const needed = new Set(neededBy([...outputs.map(({ node }) => node), ...updates.map(({ next }) => next)]));
  const labels = ofTwoClasses(module);
  const drawn = module.inputs.flatMap((node, k): [string, Given][] => {
    if (!needed.has(node)) return [];
    const name = String(node.attrs.name);
    const range =
      slots.find((slot) => slot.name === name)?.range ??
      (labels.has(node) ? ranges.bool : ranges[node.dtype]);
    return [[name, values(node, range, seed, FIRST_STREAM + k, draw)]];
  });
  return Object.fromEntries(drawn);
}

/** Inputs that are used as probabilities somewhere, moved or cast at most. */
function ofTwoClasses({ graph }: Module): ReadonlySet<Node> {
  return new Set(
    graph.nodes.flatMap(({ op, inputs }) => {
      const target = inputs[definitionOf(op).probabilityOperand ?? -1];
      return target === undefined ? [] : [sourceOf(target)];
    }),
  );
}

function values(
  node: Node,
  range: readonly [low: number, high: number] | null,
  seed: number,
  stream: number,
  draw: number,
): Given {
  const count = elementCount(node.shape);
  const element = (i: number): number => {
    const at = draw * count + i;
    if (range === null) return Math.fround(normal(seed, stream, at));
    return range[0] + Math.floor((range[1] - range[0]) * uniform(seed, stream, at, 0));
  };
  return {
    shape: node.shape.map(extentOf),
    data: Float64Array.from({ length: count }, (_, i) => element(i)),
  };
}

/** Streams of draws: first values of states count from 0, and shuffles have the last one. */
const FIRST_STREAM = 0x80000000;

/** Whole numbers from the first to below the second; null for standard normal floats. */
const ranges = {
  f32: null,
  u8: [0, 256],
  i32: [-8, 8],
  u32: [0, 16],
  bool: [0, 2],
} satisfies Record<ValueType, readonly [number, number] | null>;
