import { defineModule, type Module, type ModuleBuilder, type Tensor } from '../../graph/index.ts';
import type { Size } from '../../loops/size.ts';
import { listed } from '../../runtime/clipped.ts';
import { OnnxError } from '../issues.ts';
import type { OnnxModel } from '../proto/index.ts';
import { type Calls, moduleCalls } from './calls.ts';
import { elementType } from './elementTypes.ts';
import { quoted } from './order.ts';
import { applied, declaring, inputsOf, openModel, type ReadOnnxOptions } from './readOnnx.ts';
import { States } from './states.ts';

/** How a file becomes a module. */
export interface FromOnnxOptions extends ReadOnnxOptions {
  /**
   * Dimensions by their names. One that is the first of all inputs that have it becomes a bounded size, with this for its maximum,
   * or 32 where it is left out; others are numbers, and must be given. A dimension without a name is `INPUT.AXIS`.
   */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Whether first dimensions are numbers too: for models that do with a batch what a bounded size cannot. False where it is left out. */
  readonly fixed?: boolean;
  /** Of the module; that of the file's graph where it is left out. */
  readonly name?: string;
}

/** A module out of an ONNX file. */
export interface OnnxModule {
  /** With an entry `predict`; its states are the weights, with their values. */
  readonly module: Module;
  /** Weights by the names of states, as they lie in the file: what is declared of them. */
  readonly weights: ReadonlyMap<string, Weights>;
}

/** The values of a state. */
export interface Weights {
  readonly shape: readonly number[];
  readonly dtype: 'f32' | 'i32' | 'u32' | 'bool';
  readonly values: ArrayLike<number>;
}

/** The maximum of a batch, where nobody says. */
const BATCH = 32;

/**
 * A module out of an ONNX file: an entry `predict` from the file's inputs to its outputs, and states for its weights, which have
 * the file's values at first.
 *
 * Floats of 16 and 64 bits become f32, integers of up to 64 bits i32: constants that do not fit are refused.
 *
 * ```ts
 * const { module } = fromOnnx(await readFile('model.onnx'), { sizes: { batch: 64, tokens: 128 } });
 * const session = await (await compile(module)).start();
 * ```
 *
 * @throws OnnxError saying what is wrong with the file, and where: `sizes` for all dimensions that are missing, `unsupported` for
 *   all nodes that are not supported
 */
export function fromOnnx(bytes: Uint8Array, options: FromOnnxOptions = {}): OnnxModule {
  const model = openModel(bytes);
  return moduleOf(model, options, (m) => ({ m, calls: moduleCalls(m), named: () => {} }));
}

/** What declares a module: itself, or through a recorder. */
export interface Declaring {
  readonly m: ModuleBuilder;
  readonly calls: Calls;
  /** Is told sizes, inputs and outputs, by their names in the file. */
  readonly named: (value: object, name: string, kind: 'size' | 'input' | 'output') => void;
}

/** The module of a model, declared by what `through` gives. */
export function moduleOf(
  model: OnnxModel,
  { external, sizes = {}, fixed = false, name }: FromOnnxOptions,
  through: (m: ModuleBuilder) => Declaring,
): OnnxModule {
  const dims = dimensionsOf(model, sizes, fixed);
  const weights = new Map<string, Weights>();
  const called = name ?? moduleName(model.graph.name);
  const declare = (builder: ModuleBuilder): void => {
    const { m, calls, named } = through(builder);
    const bounded = new Map<string, Size>();
    const taken = namesOf(model);
    for (const [key, { max }] of dims) {
      if (max === undefined) continue;
      const size = m.size(sizeName(key, taken), { max });
      named(size, key, 'size');
      bounded.set(key, size);
    }
    const inputs: Record<string, Tensor> = {};
    const ports = new Map(inputsOf(model).map((port) => [port.name, port]));
    for (const { name: input, type } of model.graph.inputs) {
      const port = ports.get(input);
      if (port === undefined || type === undefined) continue;
      const { stored } = elementType(type.elem, quoted(input));
      const shape = (port.shape ?? []).map((dim, axis) => {
        if (typeof dim === 'number') return dim;
        const key = keyOf(input, axis, dim);
        return bounded.get(key) ?? dims.get(key)?.extent ?? 1;
      });
      const dtype = stored === 'U8' ? 'u8' : port.dtype;
      const tensor = m.input(input, dtype === 'f32' ? { shape } : { shape, dtype });
      named(tensor, input, 'input');
      inputs[input] = tensor;
    }
    const keeping: Calls = {
      ...calls,
      state: (state) => {
        const { shape, dtype, values } = state;
        weights.set(state.name, { shape, dtype, values: values() });
        return calls.state(state);
      },
    };
    const outputs = applied(model, keeping, inputs, {
      ...(external === undefined ? {} : { external }),
      training: false,
      prefix: '',
      states: new States(),
    });
    for (const [output, tensor] of Object.entries(outputs)) named(tensor, output, 'output');
    m.entry('predict', outputs);
  };
  return { module: declaring(() => defineModule(called, declare)), weights };
}

/** What a dimension is: a bounded size with a maximum, or a number. */
interface Dimension {
  readonly max?: number;
  readonly extent?: number;
}

/** The name by which a dimension is given: its own, or that of its place. */
function keyOf(input: string, axis: number, dim: string | undefined): string {
  return dim ?? `${input}.${axis}`;
}

/**
 * The dimensions of inputs that are not numbers, by their names.
 *
 * @throws OnnxError `sizes` for those that are missing, all at once, and for names that there are not
 */
function dimensionsOf(
  model: OnnxModel,
  sizes: Readonly<Record<string, number>>,
  fixed: boolean,
): ReadonlyMap<string, Dimension> {
  const places = new Map<string, boolean>();
  for (const { name, shape } of inputsOf(model)) {
    if (shape === undefined) {
      throw new OnnxError(
        'sizes',
        `the input ${quoted(name)} has no shape in the file: infer shapes before (onnx.shape_inference)`,
      );
    }
    for (const [axis, dim] of shape.entries()) {
      if (typeof dim === 'number') continue;
      const key = keyOf(name, axis, dim);
      places.set(key, (places.get(key) ?? true) && axis === 0);
    }
  }
  const unknown = Object.keys(sizes).find((key) => !places.has(key));
  if (unknown !== undefined) {
    const known =
      places.size === 0
        ? 'all dimensions are numbers'
        : `there are ${listed([...places.keys()].map(quoted))}`;
    throw new OnnxError(
      'sizes',
      `sizes has ${quoted(unknown)}, which is not a dimension of an input: ${known}`,
    );
  }
  const missing: string[] = [];
  const dims = new Map<string, Dimension>();
  for (const [key, isFirst] of places) {
    const given = Object.hasOwn(sizes, key) ? sizes[key] : undefined;
    if (given !== undefined && !(Number.isSafeInteger(given) && given >= 1))
      throw new OnnxError('sizes', `sizes: ${quoted(key)} must be a whole number from 1 on, not ${given}`);
    if (isFirst && !fixed) dims.set(key, { max: given ?? BATCH });
    else if (given === undefined) missing.push(key);
    else dims.set(key, { extent: given });
  }
  if (missing.length > 0) {
    const example = missing.slice(0, 3).map((key) => `${JSON.stringify(key)}: 128`);
    const text = `dimensions of inputs need numbers: ${listed(missing.map(quoted))}; give sizes: { ${example.join(', ')} }`;
    throw new OnnxError('sizes', text);
  }
  return dims;
}

/** Names of values. */
function namesOf({ graph }: OnnxModel): ReadonlySet<string> {
  const taken = new Set([...graph.inputs, ...graph.initializers].map(({ name }) => name));
  for (const { outputs } of graph.nodes) for (const name of outputs) taken.add(name);
  return taken;
}

/** A name for a size that no value has. */
function sizeName(key: string, taken: ReadonlySet<string>): string {
  return taken.has(key) ? sizeName(`${key}.size`, taken) : key;
}

/** A name that a module may have. */
function moduleName(name: string): string {
  const plain = name.replaceAll(/[^\w.-]+/g, '_');
  return plain === '' ? 'onnx' : plain;
}
