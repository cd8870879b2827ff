import { quoted, requireName } from '../graph/arguments.ts';
import {
  declarationsOf,
  full,
  type Graph,
  GraphError,
  type InGraph,
  type Initializer,
  iota,
  ShapeError,
  type Tensor,
} from '../graph/index.ts';
import { type DimLike, toShape } from '../graph/shape.ts';
import { elementCount, extentOf, MOST_ELEMENTS, shapeText } from '../loops/index.ts';
import { threefry } from './threefry.ts';

/** Bits of a random word. */
export const WORD_BITS = 32;

/** What places that draw numbers may be told. */
export interface StreamOptions {
  /**
   * Name of the stream of numbers: the same ones wherever it is declared. Without one, a place draws by its number among
   * those of its module that have none, in the order of declaration.
   */
  readonly name?: string;
}

/**
 * Random words (u32) of a shape: others at each step, and by each place that draws.
 *
 * The key is the module's, `random.key`, a state that the session's seed gives its first value, and the number of the
 * stream; the counter is the number of the step, as the session counts it for the entry, and that of the element, row by
 * row over the largest extents, so that a short batch draws what a full one begins with. Streams differ in their keys: no
 * two have a block in common.
 *
 * @throws GraphError outside of `defineModule`, and where the name of a stream is taken
 */
export function words(op: string, where: InGraph, shape: readonly DimLike[], name?: string): Tensor {
  const dims = toShape(op, shape);
  if (elementCount(dims) > MOST_ELEMENTS) {
    const text = `${shapeText(dims)} has ${elementCount(dims)} elements: there may be at most ${MOST_ELEMENTS}`;
    throw new ShapeError('too-large', op, text);
  }
  const zero = full(where, [], 0, 'i32');
  const declarations = declarationsOf(op, zero);
  const streams = streamsOf(zero.graph);
  const number = streams.take(op, name);
  streams.key ??= declarations.state(KEY, { shape: [2], dtype: 'u32', init: anyWord });
  const [key0, key1] = [streams.key.select(0, 0), streams.key.select(0, 1)];
  let element = zero;
  let stride = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const extent = extentOf(dims[axis] ?? 1);
    if (extent !== 1) element = element.add(iota(where, dims, axis).mul(stride));
    stride *= extent;
  }
  return threefry(
    key0.bitXor(number),
    key1,
    declarations.step().cast('u32'),
    element.broadcastTo(dims).cast('u32'),
  );
}

/** The state that the numbers of a module come from. */
const KEY = 'random.key';

const anyWord: Initializer = (_shape, stream) => ({ kind: 'uniform', low: 0, high: 2 ** WORD_BITS, stream });

/** The streams of one module: which numbers are taken, and by which name. */
class Streams {
  key: Tensor | undefined;
  readonly #names = new Map<number, string>();
  #unnamed = 0;

  fresh(stem: string): string {
    for (let k = 1; ; k++) {
      const name = k === 1 ? stem : `${stem}${k}`;
      if (!this.#names.has(numberOf(name))) return name;
    }
  }

  take(op: string, name: string | undefined): number {
    if (name === undefined) return this.#unnamed++;
    requireName(op, 'a stream of random numbers', name);
    const number = numberOf(name);
    const other = this.#names.get(number);
    if (other !== undefined) {
      const text =
        other === name
          ? `the name ${quoted(name)} is used twice: both would draw the same numbers`
          : `the names ${quoted(other)} and ${quoted(name)} come to one number: change one of them`;
      throw new GraphError('name', op, text);
    }
    this.#names.set(number, name);
    return number;
  }
}

/** A name for a stream that none of a module has yet: the stem, or with a number. */
export function freshStream(graph: Graph, stem: string): string {
  return streamsOf(graph).fresh(stem);
}

const known = new WeakMap<Graph, Streams>();

function streamsOf(graph: Graph): Streams {
  const streams = known.get(graph) ?? new Streams();
  known.set(graph, streams);
  return streams;
}

/** The number of a named stream, of 32 bits: the highest one is set, which those that are counted lack (FNV-1a). */
function numberOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let k = 0; k < name.length; k++) hash = Math.imul(hash ^ name.charCodeAt(k), 0x01000193);
  return (hash | 0x80000000) >>> 0;
}
