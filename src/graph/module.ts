import { type Dtype, isFloat, type Size, shapeText } from '../loops/index.ts';
import { didYouMean } from '../nearest.ts';
import { listed } from '../runtime/clipped.ts';
import type { DeclaredInit as Init, Kernel } from '../runtime/program.ts';
import type { AnySignature, Signature, Typed } from '../runtime/signature.ts';
import {
  quoted,
  requireList,
  requireName,
  requireNumbers,
  requireOneOf,
  requireOptions,
  requirePrintable,
  shown,
  withArticle,
} from './arguments.ts';
import { dtypeFrom, KERNELS, textOf } from './attributes.ts';
import { firstValue } from './firstValue.ts';
import { describe, Graph } from './graph.ts';
import type {
  EntryHandle,
  InputTensor,
  Listed,
  NamedSize,
  ParamTensor,
  SignatureOf,
  StateTensor,
} from './handles.ts';
import { GraphError } from './issues.ts';
import {
  type Mesh,
  meshOf,
  meshText,
  noMesh,
  requireSharding,
  type Sharding,
  type Shardings,
  shardingText,
  withThoseThatFollow,
} from './mesh.ts';
import type { Node } from './node.ts';
import { neededBy } from './order.ts';
import { type DimLike, dimLikeText, sameShape, toShape } from './shape.ts';
import { moduleLine, moduleLines, showAs } from './shown.ts';
import { requireTensor, typed } from './tensor/value.ts';
import { Tensor } from './tensor.ts';
import { type Values, wordsOf } from './words.ts';

/** A module: plain data over one graph. Its entries share its states. What types know of it is `S`. */
export interface Module<out S extends Signature = AnySignature> extends Typed<S> {
  readonly name: string;
  readonly graph: Graph;
  readonly sizes: readonly Size[];
  /** Nodes of operation `input`. One whose first dimension is a bounded size is read by rows. */
  readonly inputs: readonly Node[];
  readonly states: readonly State[];
  /** Nodes of operation `param`. */
  readonly params: readonly Node[];
  readonly entries: readonly ModuleEntry[];
  /** The devices over which it is spread where it is exported; here it runs on one. */
  readonly mesh?: Mesh;
  /** How inputs and states are spread over the mesh; empty where there is none. */
  readonly shardings: Shardings;
}

/** What a module keeps from step to step. */
export interface State {
  readonly name: string;
  readonly node: Node;
  readonly init: Init;
  /** Whether optimizers update it when they are not told what to. */
  readonly trainable: boolean;
  /** Whether it is the kernel of a layer; absent where nobody said. */
  readonly kernel?: Kernel;
}

/** A program of its own over the module's states: `(state, inputs) → (state', outputs)`. */
export interface ModuleEntry {
  readonly name: string;
  readonly outputs: readonly { readonly name: string; readonly node: Node }[];
  readonly updates: readonly { readonly state: Node; readonly next: Node }[];
}

/** The next value of a state, as entries take it and optimizers give it. */
export interface Update {
  readonly state: Tensor;
  readonly next: Tensor;
}

/**
 * A first value for a shape and an element type; `stream` numbers the draw, so that two equal states differ, and `name`
 * is the state's, for errors.
 *
 * @throws GraphError where it does not fit the shape or the element type
 */
export type Initializer = (shape: readonly number[], stream: number, dtype: ValueDtype, name: string) => Init;

/** Options of {@link ModuleBuilder.input}. */
export interface InputOptions<D extends Dtype = Dtype> {
  /** Dimensions: numbers, and a bounded size as the first one. */
  readonly shape: readonly DimLike[];
  /** `f32` where it is left out; `u8` is for storage, and is cast before it is computed with. */
  readonly dtype?: D;
}

/** An element type of what is computed with: bytes, `u8`, are for storage only. */
export type ValueDtype = Exclude<Dtype, 'u8'>;

/** Options of {@link ModuleBuilder.state}. */
export interface StateOptions<D extends ValueDtype = ValueDtype> {
  /** Dimensions, which are fixed. */
  readonly shape: readonly number[];
  /** `f32` where it is left out. */
  readonly dtype?: D;
  /** First value; zeros where it is left out. */
  readonly init?: Initializer;
  /** Whether optimizers update it when they are not told what to; floats are by default. */
  readonly trainable?: boolean;
  /**
   * Whether it is the kernel of a dense layer, `[in, out]`, or of a convolution, `[out, in, ...window]`, or neither: files of others
   * hold kernels in another order of axes, and equal extents do not tell (`loadWeights`).
   */
  readonly kernel?: Kernel;
}

/** Options of {@link ModuleBuilder.param}. */
export interface ParamOptions<D extends ParamDtype = ParamDtype> {
  /** What it is where a call does not say. */
  readonly initial: number;
  /** `f32` where it is left out. */
  readonly dtype?: D;
}

/** An element type of a run-time scalar. */
export type ParamDtype = 'f32' | 'i32' | 'u32';

/** What an entry has: outputs by name, and `updates` of states. */
export interface EntryOptions {
  /** Next values of states, as optimizers give them. */
  readonly updates?: readonly Update[];
  readonly [output: string]: Tensor | readonly Update[] | undefined;
}

/** What layers and optimizers may declare, found at the graph of the tensors that they are given. */
export interface Declarations {
  /** A state. @throws GraphError where its name is taken or its first value does not fit */
  state<Name extends string, D extends ValueDtype = 'f32'>(
    name: Name,
    options: StateOptions<D>,
  ): StateTensor<Name, D>;
  /** A run-time scalar. @throws GraphError where its name is taken */
  param<Name extends string, D extends ParamDtype = 'f32'>(
    name: Name,
    options: ParamOptions<D>,
  ): ParamTensor<Name, D>;
  /**
   * Number of the step (i32): a session counts the steps of each entry by itself, from 1. It is for schedules; what
   * belongs to a state, such as how often an optimizer has updated it, is kept in a state beside it.
   */
  step(): Tensor<'i32'>;
  /** A name that no declaration has taken, nor one with `.` and more behind it: the stem, or with a number. */
  freshName(stem: string): string;
  /** Takes a name for what is made of declarations, a composite. @throws GraphError `name` where another one has it */
  claim(op: string, name: string, owner: object): void;
  /** Whether optimizers update a state when they are not told what to. */
  isTrainable(state: Node): boolean;
  /** The first value of a state, for another one that is to begin as it does. @throws GraphError where it is no state */
  firstValueOf(state: Node): Initializer;
}

/**
 * Declares a module: sizes, inputs, states and entries, in whatever order they are needed.
 *
 * What the function returns makes the module's type, and so those of its programs and sessions: entries, and inputs, states,
 * run-time scalars and sizes where there is use for their names. It does nothing at run time.
 *
 * ```ts
 * const model = defineModule('model', (m) => {
 *   const x = m.input('x', { shape: [64, 784] });
 *   return { predict: m.entry('predict', { label: nn.dense(x, 10).argmax(1) }, { inputs: [x] }) };
 * });
 * const { label } = await session.run('predict', { x: pixels }); // label.data: Int32Array
 * ```
 *
 * @param build is called once, with what declares; it returns an object or a list of what was declared, or nothing: then names
 *   may be any
 * @throws ShapeError and GraphError with the line that is wrong
 */
export function defineModule<Returned>(
  name: string,
  build: (m: ModuleBuilder) => Returned,
): Module<SignatureOf<Returned>> {
  if (typeof name === 'string') requirePrintable('defineModule', 'a module', name);
  const given: unknown = build;
  if (typeof given !== 'function') {
    const text = `takes a name and a function that declares, (m) => { … }, not ${shown(given)}`;
    throw new GraphError('declaration', 'defineModule', text);
  }
  requireName('defineModule', 'a module', name);
  const builder = new ModuleBuilder(name);
  const returned: unknown = build(builder);
  if (returned instanceof Promise) {
    // The refusal says what is wrong; that the function fails later too must not end the process.
    returned.catch(() => {});
    const text = 'its function must not be async: await what it needs before, and declare without waiting';
    throw new GraphError('declaration', 'defineModule', text);
  }
  return builder.finish();
}

/** Declares the parts of one module. */
export class ModuleBuilder implements Declarations {
  readonly graph: Graph = new Graph(this);
  readonly #name: string;
  readonly #taken = new Map<string, string>();
  /** Composites by their names, which states begin with, or none do. */
  readonly #owners = new Map<string, object>();
  readonly #sizes: Size[] = [];
  readonly #inputs: Node[] = [];
  readonly #states: State[] = [];
  readonly #params: Node[] = [];
  readonly #entries: ModuleEntry[] = [];
  #mesh: Mesh | undefined;
  readonly #shardings = new Map<Node, Sharding>();

  constructor(name: string) {
    this.#name = name;
  }

  /** A bounded size: at most `max`, the live extent comes at run time. Use it as a dimension of shapes. */
  size<Name extends string>(name: Name, options: { readonly max: number }): NamedSize<Name> {
    requireOptions('size', options, ['max']);
    const { max } = options;
    if (!Number.isSafeInteger(max) || max < 1) {
      throw new GraphError(
        'dimension',
        'size',
        `${quoted(name)}: max must be a whole number from 1 on, not ${shown(max)}`,
      );
    }
    this.#take('size', name);
    const size = { name, max };
    this.#sizes.push(size);
    return size;
  }

  /**
   * An input, given again at each step. With a bounded size as its first dimension it is read by rows: out of a
   * dataset on the device, or out of a batch that is uploaded.
   */
  input<Name extends string, D extends Dtype = 'f32'>(
    name: Name,
    options: InputOptions<D>,
  ): InputTensor<Name, D>;
  input(name: string, options: InputOptions): Tensor {
    requireOptions('input', options, ['shape', 'dtype']);
    const { shape, dtype = 'f32' } = options;
    dtypeFrom('input', dtype);
    const dims = toShape('input', shape);
    dims.forEach((dim, k) => {
      if (typeof dim === 'number') return;
      if (!this.#sizes.includes(dim.size)) {
        throw new GraphError(
          'dimension',
          'input',
          `${quoted(name)}: ${quoted(dim.size.name)} is no size of this module`,
        );
      }
      if (k > 0 || dim.factor !== 1) {
        throw new GraphError(
          'dimension',
          'input',
          `${quoted(name)}: only the first dimension may be bounded, by a size itself`,
        );
      }
    });
    this.#take('input', name);
    const node = this.graph.build('input', [], { name, shape: dims, dtype });
    this.graph.label(node, name);
    this.#inputs.push(node);
    return new Tensor(this.graph, node);
  }

  state<Name extends string, D extends ValueDtype = 'f32'>(
    name: Name,
    options: StateOptions<D>,
  ): StateTensor<Name, D>;
  state(name: string, options: StateOptions): Tensor {
    requireOptions('state', options, ['shape', 'dtype', 'init', 'trainable', 'kernel']);
    const { shape, dtype = 'f32', init, trainable = isFloat(dtype), kernel } = options;
    if (kernel !== undefined) requireOneOf('state', 'kernel', kernel, KERNELS);
    dtypeFrom('state', dtype);
    requireList('dimension', 'state', 'the shape', shape);
    const dims = shape.map((dim, k) => {
      if (Number.isSafeInteger(dim) && dim >= 0) return dim;
      const text = `axis ${k} is ${dimLikeText(dim)}: a state has a fixed shape of whole numbers from 0 on`;
      throw new GraphError('state', 'state', `${quoted(name)}: ${text}`);
    });
    if (name === '__metadata__') {
      const text = `${quoted(name)} is what saved files call their texts: give the state another name`;
      throw new GraphError('name', 'state', text);
    }
    const stream = this.#states.length;
    const first = firstValue(name, init, dims, stream, dtype);
    this.#take('state', name);
    const node = this.graph.build('state', [], { name, shape: dims, dtype });
    this.graph.label(node, name);
    this.#states.push({ name, node, init: first, trainable, ...(kernel === undefined ? {} : { kernel }) });
    return new Tensor(this.graph, node);
  }

  param<Name extends string, D extends ParamDtype = 'f32'>(
    name: Name,
    options: ParamOptions<D>,
  ): ParamTensor<Name, D>;
  param(name: string, options: ParamOptions): Tensor {
    requireOptions('param', options, ['initial', 'dtype']);
    const { initial, dtype = 'f32' } = options;
    dtypeFrom('param', dtype);
    if (name === STEP) {
      throw new GraphError('name', 'param', `${quoted(STEP)} is the number of the step: use step()`);
    }
    this.#take('param', name);
    return this.#declareParam(name, initial, dtype);
  }

  step(): Tensor<'i32'> {
    if (this.#taken.get(STEP) !== 'step') this.#take('step', STEP);
    return this.#declareParam(STEP, 1, 'i32');
  }

  /**
   * The devices over which the module is spread where it is exported, as a grid: `m.mesh({ data: 8, model: 2 })` has sixteen, in
   * two axes. What runs it here runs it on one device, and does not care. A mesh is declared once, before what is sharded.
   *
   * @throws GraphError `mesh`
   */
  mesh(sizes: Readonly<Record<string, number>>): Mesh {
    const before = this.#mesh;
    if (before !== undefined)
      throw new GraphError('mesh', 'mesh', `the module has a mesh already: ${meshText(before)}`);
    this.#mesh = meshOf(sizes);
    return this.#mesh;
  }

  /**
   * Spreads an input or a state over the mesh: for each dimension the axis along which its parts lie, or null where each device
   * has all of it. `m.shard(x, ['data', null])` gives each of the devices along `data` its own rows. What an optimizer keeps of a
   * state is spread as the state is. How everything else is spread XLA finds out.
   *
   * @param tensor an input, a state, or the name of one that is declared already, as layers declare theirs
   * @returns what it was given
   * @throws GraphError `sharding` naming the dimension and the axis that do not fit
   */
  shard<Given extends Tensor | string>(tensor: Given, sharding: Sharding): Given {
    const node = typeof tensor === 'string' ? this.#declaredAs(tensor) : this.#nodeOf(tensor);
    if (this.#mesh === undefined) throw noMesh();
    requireSharding(this.#mesh, node, sharding);
    const before = this.#shardings.get(node);
    if (before !== undefined) {
      const text = `${describe(node)} is sharded twice: it is ${shardingText(before)}`;
      throw new GraphError('sharding', 'shard', text);
    }
    this.#shardings.set(node, [...sharding]);
    return tensor;
  }

  /** The input or state of a name. @throws GraphError `sharding` listing them */
  #declaredAs(name: string): Node {
    const nodes = [...this.#inputs, ...this.#states.map((state) => state.node)];
    const names = nodes.map((node) => textOf(node.op, node.attrs, 'name'));
    const found = nodes[names.indexOf(name)];
    if (found !== undefined) return found;
    const text = `there is no input or state ${quoted(name)} yet${didYouMean(name, names)}: there are ${listed(names)}`;
    throw new GraphError('sharding', 'shard', text);
  }

  #nodeOf(tensor: Tensor): Node {
    requireTensor('shard', tensor);
    if (tensor.graph === this.graph) return tensor.node;
    throw new GraphError('other-graph', 'shard', `${describe(tensor.node)} belongs to another module`);
  }

  /** A given array. @throws GraphError where the values are not as many as the shape has elements */
  literal<D extends ValueDtype = 'f32'>(
    values: Values,
    options: { readonly shape: readonly number[]; readonly dtype?: D },
  ): Tensor<D>;
  literal(
    values: Values,
    options: { readonly shape: readonly number[]; readonly dtype?: ValueDtype },
  ): Tensor {
    requireOptions('literal', options, ['shape', 'dtype']);
    const { shape, dtype = 'f32' } = options;
    dtypeFrom('literal', dtype);
    requireNumbers('literal', values, dtype);
    requireList('dimension', 'literal', 'the shape', shape);
    const attrs = { words: wordsOf(values, dtype), shape, dtype };
    return new Tensor(this.graph, this.graph.build('literal', [], attrs));
  }

  /**
   * An entry: named outputs, and the next values of states (`updates`). States that it does not update stay.
   *
   * @param reads `{ inputs: [x, y] }` lists the inputs that it reads, for its type: sessions then ask for them by name
   * @returns the entry, for the module's type: see {@link defineModule}
   * @throws GraphError where there is neither, an update does not fit its state, or it reads other inputs than are listed
   */
  entry<Name extends string, Given extends EntryOptions>(
    name: Name,
    options: Given,
  ): EntryHandle<Name, Given>;
  entry<Name extends string, Given extends EntryOptions, const Inputs extends readonly Tensor[]>(
    name: Name,
    options: Given,
    reads: { readonly inputs: Inputs },
  ): EntryHandle<Name, Given, Listed<Inputs>>;
  entry(name: string, options: EntryOptions, reads?: { readonly inputs: readonly Tensor[] }): ModuleEntry {
    requireName('entry', 'an entry', name);
    if (typeof options !== 'object' || options === null || options instanceof Tensor) {
      const text = `takes outputs and updates by name, such as { y }, not ${shown(options)}`;
      throw new GraphError('entry', 'entry', `${quoted(name)} ${text}`);
    }
    const { updates = [], ...outputs } = options;
    if (!Array.isArray(updates)) {
      const text = `updates must be a list, such as minimize gives, not ${shown(updates)}`;
      throw new GraphError('update', 'entry', `${quoted(name)}: ${text}`);
    }
    if (this.#entries.some((entry) => entry.name === name)) {
      throw new GraphError('name', 'entry', `there are two entries ${quoted(name)}`);
    }
    const results = Object.entries(outputs).flatMap(([output, value]) =>
      value === undefined ? [] : [{ name: output, node: this.#output(name, output, value) }],
    );
    const changes = updates.flatMap((update, k) => this.#update(name, update, updates.slice(0, k)));
    if (results.length + changes.length === 0) {
      throw new GraphError('entry', 'entry', `${quoted(name)} has neither outputs nor updates`);
    }
    if (reads !== undefined) {
      const roots = [...results.map(({ node }) => node), ...changes.map(({ next }) => next)];
      this.#requireRead(name, reads, roots);
    }
    const entry = { name, outputs: results, updates: changes };
    this.#entries.push(entry);
    return entry;
  }

  /** Holds a list of inputs to what an entry reads. */
  #requireRead(entry: string, reads: { readonly inputs: readonly Tensor[] }, roots: readonly Node[]): void {
    const where = `${quoted(entry)}: its inputs`;
    requireOptions('entry', reads, ['inputs']);
    const { inputs: given } = reads;
    if (!Array.isArray(given)) {
      const text = `${where} must be a list, such as { inputs: [x] }, not ${shown(given)}`;
      throw new GraphError('entry', 'entry', text);
    }
    const listed = given.map((tensor: unknown) => {
      if (tensor instanceof Tensor && this.#inputs.includes(tensor.node)) return tensor.node;
      const what = tensor instanceof Tensor ? describe(tensor.node) : shown(tensor);
      throw new GraphError('entry', 'entry', `${where} must be inputs of this module, not ${what}`);
    });
    const read = neededBy(roots).filter((node) => this.#inputs.includes(node));
    const names = (nodes: readonly Node[]): string =>
      nodes.map((node) => quoted(textOf('input', node.attrs, 'name'))).join(', ');
    const missing = read.filter((node) => !listed.includes(node));
    if (missing.length > 0)
      throw new GraphError('entry', 'entry', `${where} lack ${names(missing)}, which it reads`);
    const more = listed.filter((node) => !read.includes(node));
    if (more.length > 0)
      throw new GraphError('entry', 'entry', `${where} list ${names(more)}, which it does not read`);
  }

  freshName(stem: string): string {
    const isTaken = (name: string): boolean =>
      [...this.#taken.keys(), ...this.#owners.keys()].some(
        (taken) => taken === name || taken.startsWith(`${name}.`),
      );
    for (let k = 1; ; k++) {
      const name = k === 1 ? stem : `${stem}${k}`;
      if (!isTaken(name)) return name;
    }
  }

  claim(op: string, name: string, owner: object): void {
    const other = this.#owners.get(name);
    if (other !== undefined && other !== owner)
      throw new GraphError(
        'name',
        op,
        `the name ${quoted(name)} is used twice: there is a layer of that name`,
      );
    this.#owners.set(name, owner);
  }

  isTrainable(state: Node): boolean {
    return this.#states.some(({ node, trainable }) => node === state && trainable);
  }

  firstValueOf(state: Node): Initializer {
    const declared = this.#states.find(({ node }) => node === state);
    if (declared === undefined) throw new GraphError('update', 'state', `${describe(state)} is no state`);
    return () => declared.init;
  }

  /** The module as data. */
  finish(): Module {
    if (this.#entries.length === 0) {
      throw new GraphError('entry', 'module', `${quoted(this.#name)} has no entry`);
    }
    const module: Module = {
      name: this.#name,
      graph: this.graph,
      sizes: [...this.#sizes],
      inputs: [...this.#inputs],
      states: [...this.#states],
      params: [...this.#params],
      entries: [...this.#entries],
      ...(this.#mesh === undefined ? {} : { mesh: this.#mesh }),
      shardings: withThoseThatFollow(this.#shardings, this.#states),
    };
    showAs(module, {
      line: moduleLine,
      all: moduleLines,
      html: async (shown) => (await import('./shownHtml.ts')).moduleHtml(shown),
    });
    return module;
  }

  #declareParam<D extends ParamDtype>(name: string, initial: number, dtype: D): Tensor<D> {
    const node = this.graph.build('param', [], { name, initial, dtype });
    this.graph.label(node, name);
    if (!this.#params.includes(node)) this.#params.push(node);
    return typed(new Tensor(this.graph, node), dtype);
  }

  #take(kind: string, name: string): void {
    requireName(kind, withArticle(kind), name);
    const before = this.#taken.get(name);
    if (before !== undefined) {
      throw new GraphError(
        'name',
        kind,
        `the name ${quoted(name)} is used twice: there is ${withArticle(before)} of that name`,
      );
    }
    this.#taken.set(name, kind);
  }

  #output(entry: string, name: string, value: Tensor | readonly Update[]): Node {
    requireName('entry', 'an output', name);
    if (!(value instanceof Tensor)) {
      throw new GraphError(
        'output',
        'entry',
        `${quoted(entry)}: output ${quoted(name)} is ${shown(value)}, no tensor`,
      );
    }
    this.#requireOwn(value, `output ${quoted(name)}`);
    if (value.dtype === 'u8') {
      const text = `${quoted(entry)}: output ${quoted(name)} is u8, which is for storage only: cast it first`;
      throw new GraphError('output', 'entry', text);
    }
    return value.node;
  }

  /** An update, or none where it stood before, as that of a count does which several optimizers' calls share. */
  #update(entry: string, update: Update, before: readonly Update[]): { state: Node; next: Node }[] {
    if (!isUpdate(update)) {
      const text = `an update must be { state, next } of tensors, not ${shown(update)}`;
      throw new GraphError('update', 'entry', `${quoted(entry)}: ${text}`);
    }
    const { state, next } = update;
    this.#requireOwn(state, 'an updated state');
    this.#requireOwn(next, 'a next value');
    const declared = this.#states.find(({ node }) => node === state.node);
    if (declared === undefined) {
      throw new GraphError(
        'update',
        'entry',
        `${quoted(entry)} updates ${describe(state.node)}, which is no state`,
      );
    }
    const label = `${quoted(entry)}: update of ${quoted(declared.name)}`;
    const other = before.find((one) => one.state.node === state.node);
    if (other?.next.node === next.node) return [];
    if (other !== undefined) {
      throw new GraphError('update', 'entry', `${label} stands twice: a state has one next value`);
    }
    if (next.dtype !== state.dtype || !sameShape(next.shape, state.shape)) {
      const [found, wanted] = [next, state].map((t) => `${t.dtype}${shapeText(t.shape)}`);
      throw new GraphError(
        'update',
        'entry',
        `${label} has the wrong type: ${found}, the state is ${wanted}`,
      );
    }
    return [{ state: state.node, next: next.node }];
  }

  #requireOwn(tensor: Tensor, what: string): void {
    if (tensor.graph === this.graph) return;
    throw new GraphError(
      'other-graph',
      'entry',
      `${what} belongs to another module: ${describe(tensor.node)}`,
    );
  }
}

/** What declares for the module of a tensor. @throws GraphError outside of `defineModule` */
export function declarationsOf(op: string, tensor: Tensor): Declarations {
  requireTensor(op, tensor);
  const { declarations } = tensor.graph;
  if (declarations !== undefined) return declarations;
  throw new GraphError('declaration', op, 'declares states, so it must be used inside defineModule');
}

const STEP = 'step';

/** Requires a list of updates. @throws GraphError `update` saying what is not one */
export function requireUpdates(
  op: string,
  name: string,
  updates: unknown,
): asserts updates is readonly Update[] {
  if (!Array.isArray(updates)) {
    const text = `${name} must be a list, such as minimize gives, not ${shown(updates)}`;
    throw new GraphError('update', op, text);
  }
  const k = updates.findIndex((update) => !isUpdate(update));
  if (k < 0) return;
  const text = `update ${k} of ${name} is ${shown(updates[k])}: it must be { state, next } of tensors`;
  throw new GraphError('update', op, text);
}

function isUpdate(update: unknown): update is Update {
  if (typeof update !== 'object' || update === null) return false;
  return (
    'state' in update && update.state instanceof Tensor && 'next' in update && update.next instanceof Tensor
  );
}
