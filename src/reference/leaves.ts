import { type Node, valuesOf } from '../graph/index.ts';
import { countOf, forEachIndex, type Live, liveOf, type NDArray, padded } from './array.ts';
import { dimsAttr, numberAttr, textAttr } from './attributes.ts';

/** An array as a caller gives it, row-major; a bounded dimension may have fewer elements than its maximum. */
export interface Given {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** What a graph's leaves stand for. Parameters that are not named have their initial values. */
export interface Feeds {
  readonly inputs?: Readonly<Record<string, Given>>;
  readonly states?: Readonly<Record<string, Given>>;
  readonly params?: Readonly<Record<string, number>>;
  readonly live?: Live;
}

/**
 * The value of a node without operands; undefined for other operations.
 *
 * @throws RangeError where nothing is given for an input or a state, or what is given does not fit
 */
export function leafValue(node: Node, shape: readonly number[], feeds: Feeds): NDArray | undefined {
  const { live = {} } = feeds;
  switch (node.op) {
    case 'input':
    case 'state': {
      const name = textAttr(node, 'name');
      const given = own(node.op === 'input' ? feeds.inputs : feeds.states, name);
      if (given === undefined) throw new RangeError(`no value for ${node.op} ${JSON.stringify(name)}`);
      return padded(given, node.shape, node.dtype);
    }
    case 'param':
      return scalar(node, own(feeds.params, textAttr(node, 'name')) ?? numberAttr(node, 'initial'));
    case 'constant':
      return scalar(node, numberAttr(node, 'value'));
    case 'extent':
      return scalar(
        node,
        dimsAttr(node, 'dim').reduce<number>((n, dim) => n * liveOf(dim, live), 1),
      );
    case 'literal':
      if (node.dtype === 'u8') throw new TypeError(`node ${node.id}: a literal is never u8`);
      return {
        shape,
        dtype: node.dtype,
        data: Float64Array.from(valuesOf(textAttr(node, 'words'), node.dtype)),
      };
    case 'iota': {
      const axis = numberAttr(node, 'axis');
      const data = new Float64Array(countOf(shape));
      forEachIndex(shape, (index, flat) => {
        data[flat] = index[axis] ?? 0;
      });
      return { shape, dtype: node.dtype, data };
    }
    default:
      return undefined;
  }
}

function scalar(node: Node, value: number): NDArray {
  return { shape: [], dtype: node.dtype, data: Float64Array.of(value) };
}

/** A record's own entry: names may be any text, `constructor` too. */
function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
