import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeModel, encodeModel, OnnxError, type OnnxModel } from '../../../src/onnx/index.ts';
import { models } from './models.ts';

const empty: OnnxModel = {
  irVersion: 10,
  opsets: [{ domain: '', version: 21 }],
  producer: 'sinter 0.1.0',
  graph: { name: 'g', nodes: [], initializers: [], inputs: [], outputs: [], values: [] },
  functions: [],
  metadata: [],
};

function withTensor(dims: readonly number[], type: number, data: Uint8Array): OnnxModel {
  return { ...empty, graph: { ...empty.graph, initializers: [{ name: 'w', dims, type, data }] } };
}

/** The error that reading bytes ends with. */
function refusal(bytes: Uint8Array): OnnxError {
  try {
    decodeModel(bytes);
  } catch (thrown) {
    if (thrown instanceof OnnxError) return thrown;
    throw thrown;
  }
  throw new RangeError('the bytes were read');
}

const [INT, BYTES, FIXED] = [0, 2, 5];

/** A field of a message: its tag and its bytes. Numbers are below 128. */
function field(number: number, wire: number, bytes: readonly number[]): number[] {
  const tag = (number << 3) | wire;
  const start = tag < 128 ? [tag] : [(tag & 127) | 128, tag >> 7];
  return wire === BYTES ? [...start, ...lengthOf(bytes.length), ...bytes] : [...start, ...bytes];
}

function lengthOf(length: number): number[] {
  return length < 128 ? [length] : [(length & 127) | 128, ...lengthOf(length >> 7)];
}

/** A model with one initializer, of the fields of a tensor. */
function fileOf(...tensor: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(field(7, BYTES, field(5, BYTES, tensor.flat())));
}

function tensorIn(bytes: Uint8Array): readonly number[] {
  return [...(decodeModel(bytes).graph.initializers[0]?.data ?? [])];
}

describe('a model', () => {
  test('comes back equal from its bytes', () => {
    fc.assert(fc.property(models, (model) => void expect(decodeModel(encodeModel(model))).toEqual(model)));
  });

  test('has whole numbers as doubles: the largest of 64 bits is 2⁶³, and is written as itself', () => {
    const node = { name: '', op: 'Slice', domain: '', inputs: [], outputs: [] };
    const graph = {
      ...empty.graph,
      nodes: [{ ...node, attributes: [{ name: 'ends', kind: 'ints', value: [2 ** 63] } as const] }],
    };
    const bytes = encodeModel({ ...empty, graph });
    expect([...bytes].join()).toContain([255, 255, 255, 255, 255, 255, 255, 255, 127].join());
    expect(decodeModel(bytes).graph).toEqual(graph);
  });

  test('refuses numbers that a file cannot hold', () => {
    const attribute = (value: number) => ({ name: 'alpha', kind: 'float', value }) as const;
    const node = { name: '', op: 'Elu', domain: '', inputs: [], outputs: [] };
    const graph = { ...empty.graph, nodes: [{ ...node, attributes: [attribute(1e300)] }] };
    expect(() => encodeModel({ ...empty, graph })).toThrow(
      'attribute "alpha": 1e+300 does not fit a float of 32 bits',
    );
    expect(() => encodeModel({ ...empty, irVersion: 1.5 })).toThrow(
      'irVersion: 1.5 is not a whole number of 64 bits',
    );
  });
});

describe('elements in the fields of their types become bytes', () => {
  test('floats, one by one or packed', () => {
    const dims = field(1, INT, [2]);
    const type = field(2, INT, [1]);
    const one = [0, 0, 128, 63];
    const two = [0, 0, 0, 64];
    const packed = fileOf(dims, type, field(4, BYTES, [...one, ...two]));
    const apart = fileOf(dims, type, field(4, FIXED, one), field(4, FIXED, two));
    expect(tensorIn(packed)).toEqual([...one, ...two]);
    expect(tensorIn(apart)).toEqual([...one, ...two]);
  });

  test('half floats and negative bytes, which stand in int32_data', () => {
    const minusOne = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
    const halves = fileOf(field(1, INT, [1]), field(2, INT, [10]), field(5, BYTES, [128, 120]));
    const bytes = fileOf(field(1, INT, [2]), field(2, INT, [3]), field(5, BYTES, [...minusOne, 1]));
    expect(tensorIn(halves)).toEqual([0, 60]);
    expect(tensorIn(bytes)).toEqual([255, 1]);
  });

  test('64-bit integers, with all of their digits', () => {
    const least = [128, 128, 128, 128, 128, 128, 128, 128, 128, 1];
    const file = fileOf(field(1, INT, [1]), field(2, INT, [7]), field(7, BYTES, least));
    expect(tensorIn(file)).toEqual([0, 0, 0, 0, 0, 0, 0, 128]);
  });

  test('two to a byte', () => {
    const file = fileOf(field(1, INT, [3]), field(2, INT, [22]), field(5, BYTES, [0x21, 3]));
    expect(tensorIn(file)).toEqual([0x21, 3]);
  });
});

describe('what protocol buffers demand of readers', () => {
  test('unknown fields, and those of another type of wire, are skipped', () => {
    const name = field(2, BYTES, [103]);
    const graph = field(7, BYTES, [...field(90, BYTES, [1, 2, 3]), ...field(1, INT, [5]), ...name]);
    expect(decodeModel(Uint8Array.from([...field(100, FIXED, [1, 2, 3, 4]), ...graph])).graph).toEqual({
      ...empty.graph,
      name: 'g',
    });
  });

  test('of a single value the last counts, and single messages are merged', () => {
    const named = (name: number) => field(2, BYTES, [name]);
    const input = field(11, BYTES, field(1, BYTES, [120]));
    const file = [field(7, BYTES, [...named(97), ...input]), field(7, BYTES, named(98))].flat();
    const { graph } = decodeModel(Uint8Array.from(file));
    expect(graph.name).toBe('b');
    expect(graph.inputs).toEqual([{ name: 'x', type: undefined }]);
  });
});

describe('a file that is none', () => {
  const bytes = encodeModel(withTensor([8], 1, new Uint8Array(32)));

  test('of which the end is missing says at which byte', () => {
    const error = refusal(bytes.subarray(0, bytes.length - 40));
    expect(error).toMatchObject({ code: 'truncated', byte: 18 });
    expect(error.message).toMatch(
      /^ModelProto\.graph ends at byte \d+, and the file has \d+: it is truncated/,
    );
  });

  test('in which a message ends behind the one that it is in', () => {
    const error = refusal(
      Uint8Array.from([...field(7, BYTES, [42, 9, 1]), ...field(14, BYTES, [0, 0, 0, 0, 0, 0, 0])]),
    );
    expect(error).toMatchObject({ code: 'malformed', byte: 3 });
    expect(error.message).toBe(
      'GraphProto.initializer ends at byte 13, behind the GraphProto that it is in, which ends at byte 5  at byte 3',
    );
  });

  test('nested without end', () => {
    let graph: readonly number[] = [];
    for (let k = 0; k < 40; k++) graph = field(1, BYTES, field(5, BYTES, field(6, BYTES, graph)));
    expect(refusal(Uint8Array.from(field(7, BYTES, graph)))).toMatchObject({ code: 'depth' });
  });

  test('whose dimensions promise more than it has allocates nothing for them', () => {
    const huge = [255, 255, 255, 255, 255, 255, 255, 127];
    const file = fileOf(field(1, INT, huge), field(1, INT, huge), field(2, INT, [1]), field(8, BYTES, [119]));
    const error = refusal(file);
    expect(error.code).toBe('tensor');
    expect(error.message).toMatch(/^tensor "w": \[72057594037927940, .* bytes, and the file has 0$/);
  });

  test.each([
    [
      [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255],
      'tensor "w": a dimension of -1: from 0 on',
    ],
  ])('whose dimensions are negative', (varint, message) => {
    const minusOne = [...varint.slice(0, 9), 1];
    expect(refusal(fileOf(field(1, INT, minusOne), field(2, INT, [1]), field(8, BYTES, [119]))).message).toBe(
      message,
    );
  });

  test('of an element type that does not exist', () => {
    const error = refusal(fileOf(field(1, INT, [1]), field(2, INT, [99]), field(8, BYTES, [119])));
    expect(error.message).toBe('tensor "w": 99 is not an element type');
  });

  test('of something else says of what, where its first bytes tell', () => {
    expect(refusal(Uint8Array.from([0x50, 0x4b, 3, 4, 0, 0])).message).toMatch(/^this is a zip archive/);
    expect(refusal(new Uint8Array(0)).message).toBe('not an ONNX model: 0 bytes without a graph');
    expect(refusal(new TextEncoder().encode('{"name":"model"}'))).toBeInstanceOf(OnnxError);
  });

  test('sparse initializers are named', () => {
    const file = field(7, BYTES, field(15, BYTES, field(1, BYTES, field(8, BYTES, [119]))));
    expect(refusal(Uint8Array.from(file)).message).toBe(
      'sparse initializers are not read, make them dense: "w"',
    );
  });
});

describe('any bytes are a model or an OnnxError', () => {
  const readOrRefused = (bytes: Uint8Array): void => {
    try {
      decodeModel(bytes);
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(OnnxError);
    }
  };

  test('random ones', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readOrRefused), { numRuns: 2000 });
  });

  test('those of a model with some bytes changed, and cut anywhere', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    const changed = fc.tuple(models, fc.array(change, { maxLength: 4 }), fc.nat());
    fc.assert(
      fc.property(changed, ([model, changes, cut]) => {
        const bytes = encodeModel(model);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        readOrRefused(bytes);
        readOrRefused(bytes.subarray(0, cut % bytes.length));
      }),
      { numRuns: 1000 },
    );
  });
});
