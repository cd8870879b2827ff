import type { OnnxGraph, OnnxModel, OnnxNode } from '../../../src/onnx/index.ts';

/** Bytes that are changed somewhere, as files are that were cut, mixed up, or made to do harm. */

/** A source of numbers from 0 up to 1, the same for a seed (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers whose bytes readers of such files trip over. */
const hostile: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], // -1
  [0xff, 0xff, 0xff, 0xff, 0x07], // 2³¹ - 1
  [0x80, 0x80, 0x80, 0x80, 0x08], // 2³¹
  [0xff, 0xff, 0x03], // 65535
  [0x80, 0x80, 0x04], // 65536
  [0x00],
  [0x7f],
];

/** A file with up to four changes. @param others files that pieces are taken of */
export function mutated(bytes: Uint8Array, others: readonly Uint8Array[], random: () => number): Uint8Array {
  let result = Uint8Array.from(bytes);
  for (let k = Math.floor(random() * 4); k >= 0; k--) result = changed(result, others, random);
  return result;
}

function changed(
  bytes: Uint8Array<ArrayBuffer>,
  others: readonly Uint8Array[],
  random: () => number,
): Uint8Array<ArrayBuffer> {
  const below = (n: number): number => Math.floor(random() * n);
  const at = below(bytes.length + 1);
  const length = Math.min(below(24), bytes.length - at);
  const insert = (piece: ArrayLike<number>, cut: number): Uint8Array<ArrayBuffer> =>
    Uint8Array.from([...bytes.subarray(0, at), ...Array.from(piece), ...bytes.subarray(at + cut)]);
  switch (below(8)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return insert([], length);
    case 2:
      return insert(bytes.subarray(at, at + length), 0);
    case 3:
      return insert(hostile[below(hostile.length)] ?? [], 1);
    case 4:
      return insert([below(256)], 1);
    case 5: {
      const other = others[below(others.length)] ?? bytes;
      const from = below(other.length);
      return insert(other.subarray(from, from + below(64)), length);
    }
    case 6:
      return insert([(bytes[at] ?? 0) ^ (1 << below(8))], 1);
    default:
      return insert([(bytes[at] ?? 0) + 1], 1);
  }
}

/** Whole numbers that shapes and attributes are not made for. */
const odd: readonly number[] = [
  0,
  -1,
  1,
  2,
  3,
  7,
  64,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 53,
  -9,
  1e18,
];

/** A model with one to three things changed in it: an operator, a name, a number, an operand, a dimension. */
export function mutatedModel(
  model: OnnxModel,
  others: readonly OnnxModel[],
  random: () => number,
): OnnxModel {
  let result = model;
  for (let k = Math.floor(random() * 3); k >= 0; k--) result = changedModel(result, others, random);
  return result;
}

function changedModel(model: OnnxModel, others: readonly OnnxModel[], random: () => number): OnnxModel {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const { graph } = model;
  const names = [
    ...graph.nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]),
    ...graph.inputs.map(({ name }) => name),
    '',
    'nowhere',
  ];
  const replaced = <T>(list: readonly T[], change: (item: T) => T): T[] => {
    const at = Math.floor(random() * list.length);
    return list.map((item, k) => (k === at ? change(item) : item));
  };
  const withGraph = (part: Partial<OnnxGraph>): OnnxModel => ({ ...model, graph: { ...graph, ...part } });
  const node = (change: (node: OnnxNode) => OnnxNode): OnnxModel =>
    withGraph({ nodes: replaced(graph.nodes, change) });
  const number = (): number => pick(odd) ?? 0;
  switch (Math.floor(random() * 9)) {
    case 0:
      return node((own) => ({ ...own, op: pick(pick(others)?.graph.nodes ?? [])?.op ?? own.op }));
    case 1:
      return node((own) => ({ ...own, inputs: replaced(own.inputs, () => pick(names) ?? '') }));
    case 2:
      return node((own) => ({
        ...own,
        attributes: replaced(own.attributes, (one) => {
          if (one.kind === 'int') return { ...one, value: number() };
          if (one.kind === 'ints') return { ...one, value: replaced(one.value, number) };
          return one.kind === 'float' ? { ...one, value: random() * 1e9 } : one;
        }),
      }));
    case 3:
      return node((own) => ({ ...own, attributes: own.attributes.slice(1) }));
    case 4:
      return node((own) => ({
        ...own,
        attributes: [...own.attributes, ...(pick(pick(others)?.graph.nodes ?? [])?.attributes ?? [])],
      }));
    case 5:
      return withGraph({
        inputs: replaced(graph.inputs, (one) => {
          if (one.type === undefined) return one;
          const shape = replaced(one.type.shape ?? [], () => pick([...odd, 'batch', undefined]));
          return { ...one, type: { elem: Math.floor(random() * 26), shape } };
        }),
      });
    case 6:
      return withGraph({
        inputs: replaced(graph.inputs, (one) => {
          if (one.type === undefined) return one;
          return {
            ...one,
            type: {
              ...one.type,
              shape: replaced(one.type.shape ?? [], () => pick([...odd, 'batch', undefined])),
            },
          };
        }),
      });
    case 7:
      return {
        ...model,
        opsets: replaced(model.opsets, (one) => ({ ...one, version: Math.floor(random() * 30) })),
      };
    default: {
      // An input as a constant of some odd numbers.
      const own = pick(graph.inputs);
      if (own === undefined) return model;
      const values = Array.from({ length: Math.floor(random() * 4) }, number);
      const data = new Uint8Array(BigInt64Array.from(values, (n) => BigInt(Math.round(n))).buffer);
      const constant = { name: own.name, dims: [values.length], type: 7, data };
      return withGraph({
        inputs: graph.inputs.filter((one) => one !== own),
        initializers: [...graph.initializers, constant],
      });
    }
  }
}
