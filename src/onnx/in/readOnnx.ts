import { GraphError, type ModuleBuilder, sourceLine, type Tensor } from '../../graph/index.ts';
import { type Dim, dimText, shapeText } from '../../loops/size.ts';
import { listed } from '../../runtime/clipped.ts';
import { OnnxError } from '../issues.ts';
import { decodeModel, type OnnxModel } from '../proto/index.ts';
import { type Calls, moduleCalls } from './calls.ts';
import { elementType } from './elementTypes.ts';
import { computedInput, importGraph, versionsOf } from './importGraph.ts';
import { ordered, quoted, withoutPlace } from './order.ts';
import { stateNames } from './stateNames.ts';
import { States } from './states.ts';
import { askedOnce, type External } from './tensors.ts';
import type { Value } from './value.ts';

/** What reading a file takes. */
export interface ReadOnnxOptions {
  /**
   * Gives the bytes of a file beside the model, where weights lie outside of it; asked once for each. Who reads files takes none
   * that lies elsewhere: the model names it.
   */
  readonly external?: External;
}

/** How a network is applied. */
export interface ApplyOptions {
  /** Whether dropout is random while training; `evaluation` gives what a value is once training is over. False where it is left out. */
  readonly training?: boolean;
  /** What stands before the names of states, where several networks are in one module. */
  readonly prefix?: string;
}

/** An input of a network. */
export interface OnnxPort {
  readonly name: string;
  /** The element type that it has here: integers of 64 bits are i32, floats of any width f32. */
  readonly dtype: 'f32' | 'i32' | 'u32' | 'bool';
  /** Numbers, and names of dimensions; undefined where the file says nothing. */
  readonly shape: readonly (number | string | undefined)[] | undefined;
}

/** A network out of an ONNX file, to be applied inside of `defineModule`. */
export interface OnnxNetwork {
  readonly name: string;
  readonly inputs: readonly OnnxPort[];
  /** Names of its outputs. */
  readonly outputs: readonly string[];
  /** Names of weights: those of the states that it declares, without a prefix. */
  readonly weights: readonly string[];
  /**
   * Applies it: declares its weights as states, once in a module, and builds its operators.
   *
   * ```ts
   * const { logits } = network.apply(m, { images: x });
   * ```
   *
   * @param inputs tensors by the names of its inputs, of their element types; images may be u8 where it takes UINT8
   * @returns its outputs by name
   * @throws OnnxError `input` where a tensor does not fit an input, `unsupported` for all nodes that are not supported, at once,
   *   and others for what is wrong with the file
   */
  apply(
    m: ModuleBuilder,
    inputs: Readonly<Record<string, Tensor>>,
    options?: ApplyOptions,
  ): Record<string, Tensor>;
}

/**
 * Reads an ONNX file as a network that becomes a part of a module: with a loss and an optimizer it is fine-tuned.
 *
 * ```ts
 * const network = readOnnx(bytes);
 * const module = defineModule('tuned', (m) => {
 *   const batch = m.size('batch', { max: 32 });
 *   const x = m.input('x', { shape: [batch, 3, 32, 32] });
 *   const labels = m.input('labels', { shape: [batch], dtype: 'i32' });
 *   const { logits } = network.apply(m, { image: x });
 *   const loss = nn.crossEntropy(logits, labels);
 *   m.entry('train', { loss, updates: optim.adamw({ lr: 1e-4 }).minimize(loss) });
 *   m.entry('predict', { logits });
 * });
 * ```
 *
 * Floats with axes are weights, trained unless they are running statistics; numbers without axes are constants.
 *
 * @throws OnnxError saying what is wrong with the file, and where
 */
export function readOnnx(bytes: Uint8Array, options: ReadOnnxOptions = {}): OnnxNetwork {
  const model = openModel(bytes);
  const { graph } = model;
  const names = stateNames(graph);
  const declared = new WeakMap<ModuleBuilder, States>();
  return {
    name: graph.name,
    inputs: inputsOf(model),
    outputs: graph.outputs.map(({ name }) => name),
    weights: graph.initializers
      .filter((one) => one.dims.length > 0 && elementType(one.type, quoted(one.name)).dtype === 'f32')
      .map(({ name }) => names.get(name) ?? name),
    apply: (m, inputs, { training = false, prefix = '' } = {}) => {
      const states = declared.get(m) ?? new States();
      declared.set(m, states);
      return declaring(() =>
        applied(model, moduleCalls(m), inputs, { ...options, training, prefix, states }),
      );
    },
  };
}

/** What a module cannot declare is wrong with the file. @throws OnnxError `module` */
export function declaring<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof GraphError)) throw thrown;
    throw new OnnxError('module', withoutPlace(thrown.message), undefined, { cause: thrown });
  }
}

/** A model of which what needs no inputs has been checked. @throws OnnxError */
export function openModel(bytes: Uint8Array): OnnxModel {
  if (!(bytes instanceof Uint8Array))
    throw new OnnxError('foreign', 'takes the bytes of a file, a Uint8Array');
  const model = decodeModel(bytes);
  versionsOf(model.opsets);
  ordered(model.graph, () => false);
  if (model.graph.outputs.length === 0) throw new OnnxError('foreign', 'the graph has no output');
  return model;
}

/** The inputs that a model is given values for: not those that have some. */
export function inputsOf({ graph }: OnnxModel): OnnxPort[] {
  const known = new Set(graph.initializers.map(({ name }) => name));
  return graph.inputs.filter(({ name }) => !known.has(name)).map(({ name, type }) => portOf(name, type));
}

function portOf(name: string, type: OnnxModel['graph']['inputs'][number]['type']): OnnxPort {
  if (type === undefined)
    throw new OnnxError(
      'element-type',
      `${quoted(name)} is not a tensor, but a sequence, a map or an optional value`,
    );
  return { name, dtype: elementType(type.elem, quoted(name)).dtype, shape: type.shape?.map(extentOrName) };
}

/** A dimension that says something: some programs write -1, `?` or nothing where they know neither a number nor a name. */
function extentOrName(dim: number | string | undefined): number | string | undefined {
  return dim === '' || dim === '?' || (typeof dim === 'number' && dim < 0) ? undefined : dim;
}

/** What {@link applied} is told beside the inputs. */
export interface Applied extends ReadOnnxOptions {
  readonly training: boolean;
  readonly prefix: string;
  readonly states: States;
}

/** The outputs of a model of some inputs. */
export function applied(
  model: OnnxModel,
  calls: Calls,
  inputs: Readonly<Record<string, Tensor>>,
  { external, training, prefix, states }: Applied,
): Record<string, Tensor> {
  const ports = new Map(inputsOf(model).map((port) => [port.name, port]));
  const unknown = Object.keys(inputs).find((name) => !ports.has(name));
  if (unknown !== undefined) {
    const known = listed([...ports.keys()].map(quoted));
    throw new OnnxError('input', `there is no input ${quoted(unknown)}: there are ${known}`);
  }
  const bounded = new Map<string, readonly [Tensor, number]>();
  const bound = new Map<string, readonly [dim: Dim, input: string]>();
  const values = new Map<string, Value>();
  for (const { name, type } of model.graph.inputs) {
    const port = ports.get(name);
    if (port === undefined) continue;
    const tensor = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (tensor === undefined) throw new OnnxError('input', `the input ${quoted(name)} is missing`);
    requireInput(name, type?.elem ?? 0, port.shape, tensor, bound);
    for (const [axis, dim] of tensor.shape.entries()) {
      if (typeof dim === 'object' && dim.factor === 1 && !bounded.has(dim.size.name)) {
        bounded.set(dim.size.name, [tensor, axis]);
      }
    }
    values.set(name, computedInput(tensor, type?.elem ?? 0));
  }
  const files = external === undefined ? undefined : askedOnce(external);
  const options = { calls, external: files, training, prefix, bounded, states };
  // All nodes have the line that called: it is looked for once.
  return calls.where.graph.withSource(sourceLine(), () => {
    const { outputs, tensorOf } = importGraph(model, values, options);
    return Object.fromEntries([...outputs].map(([name, value]) => [name, tensorOf(value)]));
  });
}

/** Requires a tensor to fit an input, and its dimensions those of the same name before. @throws OnnxError `input` */
function requireInput(
  name: string,
  elem: number,
  shape: readonly (number | string | undefined)[] | undefined,
  tensor: Tensor,
  bound: Map<string, readonly [dim: Dim, input: string]>,
): void {
  const type = elementType(elem, quoted(name));
  const isBytes = tensor.dtype === 'u8' && type.stored === 'U8';
  if (tensor.dtype !== type.dtype && !isBytes) {
    const text = `the input ${quoted(name)} is of type ${tensor.dtype}: the file has ${type.name}, which is ${type.dtype} here`;
    throw new OnnxError('input', text);
  }
  if (shape === undefined) return;
  const wanted = `[${shape.map((dim) => dim ?? '?').join(', ')}]`;
  if (shape.length !== tensor.shape.length) {
    const text = `the input ${quoted(name)} has the shape ${shapeText(tensor.shape)}: the file has ${wanted}`;
    throw new OnnxError('input', text);
  }
  for (const [axis, dim] of shape.entries()) {
    const own = tensor.shape[axis];
    if (own === undefined || dim === undefined) continue;
    if (typeof dim === 'number') {
      if (dim === own) continue;
      const fixed = typeof own === 'object' ? ', which is fixed: export the model with dynamic axes' : '';
      const text = `the input ${quoted(name)} has the shape ${shapeText(tensor.shape)}: axis ${axis} is ${dim} in the file${fixed}`;
      throw new OnnxError('input', text);
    }
    const before = bound.get(dim);
    if (before === undefined) bound.set(dim, [own, name]);
    else if (dimText(before[0]) !== dimText(own)) {
      const text = `the dimension ${quoted(dim)} is ${dimText(own)} in the input ${quoted(name)}, and ${dimText(before[0])} in ${quoted(before[1])}`;
      throw new OnnxError('input', text);
    }
  }
}
