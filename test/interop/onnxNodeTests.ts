import type { OnnxModel, OnnxTensor } from '../../src/onnx/index.ts';
import { decodeModel, encodeModel, fromOnnx, OnnxError } from '../../src/onnx/index.ts';
import { type NDArray, referenceSession } from '../../src/reference/index.ts';

/** An array of a test, its elements as float64. */
interface Given {
  readonly elem: number;
  readonly shape: readonly number[];
  readonly data: string;
}

/** A test of ONNX's own, as `onnxNodes.py` writes it. */
export interface NodeTest {
  readonly name: string;
  readonly operators: readonly string[];
  readonly model: string;
  readonly rtol: number;
  readonly atol: number;
  readonly inputs?: readonly Given[];
  readonly outputs?: readonly Given[];
  /** Why there are no arrays. */
  readonly why?: string;
}

/** What became of a test. */
export type Outcome =
  /** Whether arguments, such as a shape, were given as initializers. */
  | { readonly kind: 'passed'; readonly given: boolean }
  /** It asks for what is not supported. */
  | { readonly kind: 'outside'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

/** Imports a test's model, and computes its outputs by the reference evaluator. */
export function outcomeOf(test: NodeTest): Outcome {
  const { inputs, outputs } = test;
  if (isRandom(test)) return { kind: 'outside', why: 'random numbers of another generator' };
  if (inputs === undefined || outputs === undefined) return { kind: 'outside', why: test.why ?? 'no arrays' };
  const model = decodeModel(Buffer.from(test.model, 'base64'));
  try {
    const failure = difference(model, inputs, outputs, test);
    return failure === undefined ? { kind: 'passed', given: false } : { kind: 'failed', why: failure };
  } catch (thrown) {
    if (!(thrown instanceof OnnxError)) return { kind: 'failed', why: `not an OnnxError: ${text(thrown)}` };
    if (thrown.code === 'element-type') return { kind: 'outside', why: 'element types' };
    // Operators are tested with shapes, axes and the like as inputs: files have them as constants.
    const known = withArguments(model, inputs);
    if (known === undefined || thrown.code !== 'unsupported') return refusal(thrown);
    try {
      const failure = difference(known.model, known.inputs, outputs, test);
      return failure === undefined ? { kind: 'passed', given: true } : { kind: 'failed', why: failure };
    } catch (again) {
      return again instanceof OnnxError ? refusal(again) : { kind: 'failed', why: text(again) };
    }
  }
}

/** Whether values depend on a generator of random numbers: dropout as in training, with a rate that is not 0. */
function isRandom({ name, operators }: NodeTest): boolean {
  return operators.includes('Dropout') && name.startsWith('test_training') && !name.includes('zero_ratio');
}

function refusal(error: OnnxError): Outcome {
  const kind = error.code === 'unsupported' || error.code === 'element-type' ? 'outside' : 'failed';
  return { kind, why: error.message };
}

function text(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}

/** A model whose integers and single numbers, other than its first input, are initializers. */
function withArguments(
  model: OnnxModel,
  inputs: readonly Given[],
): { readonly model: OnnxModel; readonly inputs: readonly Given[] } | undefined {
  const { graph } = model;
  const isArgument = ({ elem, shape }: Given, k: number): boolean =>
    elem === INT64 || elem === BOOL || (k > 0 && elem !== FLOAT) || shape.length === 0 || k > 1;
  const chosen = inputs.flatMap((given, k) => (isArgument(given, k) ? [k] : []));
  const initializers = chosen.flatMap((k): OnnxTensor[] => {
    const [name, given] = [graph.inputs[k]?.name, inputs[k]];
    return name === undefined || given === undefined ? [] : [tensorOf(name, given)];
  });
  if (initializers.length === 0) return undefined;
  const rest = graph.inputs.filter((_, k) => !chosen.includes(k));
  return {
    model: {
      ...model,
      graph: { ...graph, inputs: rest, initializers: [...graph.initializers, ...initializers] },
    },
    inputs: inputs.filter((_, k) => !chosen.includes(k)),
  };
}

const [FLOAT, INT64, BOOL, FLOAT16, BFLOAT16] = [1, 7, 9, 10, 16];

function tensorOf(name: string, { elem, ...given }: Given): OnnxTensor {
  const values = numbersOf({ elem, ...given });
  // Floats of all widths are the same here.
  const type = elem === FLOAT16 || elem === BFLOAT16 ? FLOAT : elem;
  const bytes = {
    1: () => new Float32Array(values),
    2: () => Uint8Array.from(values),
    3: () => Int8Array.from(values),
    6: () => Int32Array.from(values),
    7: () => BigInt64Array.from(Array.from(values, BigInt)),
    9: () => Uint8Array.from(values),
    11: () => values,
  }[type];
  if (bytes === undefined) throw new OnnxError('element-type', `no initializer of type ${elem}`);
  const { buffer, byteOffset, byteLength } = bytes();
  return { name, dims: given.shape, type, data: new Uint8Array(buffer, byteOffset, byteLength) };
}

function numbersOf({ data }: Given): Float64Array {
  const bytes = Buffer.from(data, 'base64');
  return new Float64Array(Uint8Array.from(bytes).buffer);
}

/** What is wrong with the outputs of a model; undefined where nothing is. */
function difference(
  model: OnnxModel,
  inputs: readonly Given[],
  outputs: readonly Given[],
  { rtol, atol }: NodeTest,
): string | undefined {
  const { module } = fromOnnx(encodeModel(model));
  const names = model.graph.inputs.map(({ name }) => name);
  const given = Object.fromEntries(
    inputs.flatMap((input, k) => {
      const name = names[k];
      return name === undefined ? [] : [[name, { shape: input.shape, data: numbersOf(input) }] as const];
    }),
  );
  const found = referenceSession(module, {}, { precision: 'f32' }).step('predict', { inputs: given });
  for (const [k, { name }] of model.graph.outputs.entries()) {
    const [own, wanted] = [found[name], outputs[k]];
    if (wanted === undefined) continue;
    if (own === undefined) return `no output ${name}`;
    const different = distance(own, wanted, rtol, atol);
    if (different !== undefined) return `${name}: ${different}`;
  }
  return undefined;
}

function distance(own: NDArray, wanted: Given, rtol: number, atol: number): string | undefined {
  if (own.shape.join() !== wanted.shape.join())
    return `shape [${own.shape.join(', ')}], not [${wanted.shape.join(', ')}]`;
  const values = numbersOf(wanted);
  const relative = wanted.elem === FLOAT16 ? Math.max(rtol, 2e-3) : wanted.elem === BFLOAT16 ? 1e-2 : rtol;
  const isWord = wanted.elem === INT64 || wanted.elem === 13;
  for (let k = 0; k < values.length; k++) {
    const [a, b] = [own.data[k] ?? 0, values[k] ?? 0];
    if (Object.is(a, b) || a === b || Math.abs(a - b) <= atol + relative * Math.abs(b)) continue;
    if (isWord && Math.abs(b) >= 2 ** 31) return `an integer beyond 32 bits at ${k}: ${b}`;
    return `element ${k} is ${a}, not ${b}`;
  }
  return undefined;
}
