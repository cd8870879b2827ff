import { type Dtype, elementCount, isFloat, type Size, shapeText } from '../loops/index.ts';
import type { Init } from '../runtime/program.ts';
import { describe, Graph } from './graph.ts';
import { GraphError } from './issues.ts';
import type { Node } from './node.ts';
import { type DimLike, sameShape, toShape } from './shape.ts';
import { Tensor } from './tensor.ts';
import { type Values, wordCount, wordsOf } from './words.ts';

/** A module: plain data over one graph. Its entries share its states. */
export interface Module {
  readonly name: string;
  readonly graph: Graph;
  readonly sizes: readonly Size[];
  /** Nodes of operation `input`. One whose first dimension is a bounded size is read by rows. */
  readonly inputs: readonly Node[];
  readonly states: readonly State[];
  /** Nodes of operation `param`. */
  readonly params: readonly Node[];
  readonly entries: readonly ModuleEntry[];
}

/** What a module keeps from step to step. */
export interface State {
  readonly name: string;
  readonly node: Node;
  readonly init: Init;
  /** Whether optimizers update it when they are not told what to. */
  readonly trainable: boolean;
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
 * A first value for a shape; `stream` numbers the draw, so that two equal states differ.
 *
 * @throws GraphError where it does not fit the shape
 */
export type Initializer = (shape: readonly number[], stream: number, dtype: Exclude<Dtype, 'u8'>) => Init;

export interface InputOptions {
  readonly shape: readonly DimLike[];
  readonly dtype?: Dtype;
}

export interface StateOptions {
  readonly shape: readonly number[];
  readonly dtype?: Exclude<Dtype, 'u8'>;
  /** First value; zeros where it is left out. */
  readonly init?: Initializer;
  /** Whether optimizers update it when they are not told what to; floats are by default. */
  readonly trainable?: boolean;
}

export interface ParamOptions {
  readonly initial: number;
  readonly dtype?: 'f32' | 'i32' | 'u32';
}

/** What an entry has: outputs by name, and `updates` of states. */
export interface EntryOptions {
  readonly updates?: readonly Update[];
  readonly [output: string]: Tensor | readonly Update[] | undefined;
}

/** What layers and optimizers may declare, found at the graph of the tensors that they are given. */
export interface Declarations {
  /** A state. @throws GraphError where its name is taken or its first value does not fit */
  state(name: string, options: StateOptions): Tensor;
  /** A run-time scalar. @throws GraphError where its name is taken */
  param(name: string, options: ParamOptions): Tensor;
  /** Number of the entry's step, counted from 1 (i32). */
  step(): Tensor;
  /** A name that no declaration has taken, nor one with `.` and more behind it: the stem, or with a number. */
  freshName(stem: string): string;
  /** Whether optimizers update a state when they are not told what to. */
  isTrainable(state: Node): boolean;
}

/**
 * Declares a module: sizes, inputs, states and entries, in whatever order they are needed.
 *
 * @param build is called once, with what declares
 * @throws ShapeError and GraphError with the line that is wrong
 */
export function defineModule(name: string, build: (m: ModuleBuilder) => void): Module {
  const builder = new ModuleBuilder(name);
  build(builder);
  return builder.finish();
}

/** Declares the parts of one module. */
export class ModuleBuilder implements Declarations {
  readonly graph: Graph = new Graph(this);
  readonly #name: string;
  readonly #taken = new Map<string, string>();
  readonly #sizes: Size[] = [];
  readonly #inputs: Node[] = [];
  readonly #states: State[] = [];
  readonly #params: Node[] = [];
  readonly #entries: ModuleEntry[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /** A bounded size: at most `max`, the live extent comes at run time. Use it as a dimension of shapes. */
  size(name: string, { max }: { readonly max: number }): Size {
    if (!Number.isSafeInteger(max) || max < 1) {
      throw new GraphError(
        'dimension',
        'size',
        `${quoted(name)}: max must be a whole number from 1 on, not ${max}`,
      );
    }
    this.#take('size', name);
    const size = { name, max };
    this.#sizes.push(size);
    return size;
  }

  /**
   * An input, given anew at each step. With a bounded size as its first dimension it is read by rows: out of a
   * dataset on the device, or out of a batch that is uploaded.
   */
  input(name: string, { shape, dtype = 'f32' }: InputOptions): Tensor {
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

  state(name: string, { shape, dtype = 'f32', init, trainable = isFloat(dtype) }: StateOptions): Tensor {
    const dims = shape.map((dim) => {
      if (Number.isSafeInteger(dim) && dim >= 0) return dim;
      throw new GraphError(
        'state',
        'state',
        `${quoted(name)}: a state has a fixed shape of whole numbers from 0 on`,
      );
    });
    const stream = this.#states.length;
    const first: Init = init === undefined ? { kind: 'constant', value: 0 } : init(dims, stream, dtype);
    checkInit(name, first, elementCount(dims), dtype);
    this.#take('state', name);
    const node = this.graph.build('state', [], { name, shape: dims, dtype });
    this.graph.label(node, name);
    this.#states.push({ name, node, init: first, trainable });
    return new Tensor(this.graph, node);
  }

  param(name: string, { initial, dtype = 'f32' }: ParamOptions): Tensor {
    if (name === STEP) {
      throw new GraphError('name', 'param', `${quoted(STEP)} is the number of the step: use step()`);
    }
    this.#take('param', name);
    return this.#declareParam(name, initial, dtype);
  }

  step(): Tensor {
    if (this.#taken.get(STEP) !== 'step') this.#take('step', STEP);
    return this.#declareParam(STEP, 1, 'i32');
  }

  /** A given array. @throws GraphError where the values are not as many as the shape has elements */
  literal(
    values: Values,
    { shape, dtype = 'f32' }: { readonly shape: readonly number[]; readonly dtype?: Exclude<Dtype, 'u8'> },
  ): Tensor {
    const attrs = { words: wordsOf(values, dtype), shape, dtype };
    return new Tensor(this.graph, this.graph.build('literal', [], attrs));
  }

  /**
   * An entry: named outputs, and the next values of states (`updates`). States that it does not update stay.
   *
   * @throws GraphError where there is neither, or an update does not fit its state
   */
  entry(name: string, { updates = [], ...outputs }: EntryOptions): void {
    requireName('entry', name);
    if (this.#entries.some((entry) => entry.name === name)) {
      throw new GraphError('name', 'entry', `there are two entries ${quoted(name)}`);
    }
    const results = Object.entries(outputs).flatMap(([output, value]) =>
      value === undefined ? [] : [{ name: output, node: this.#output(name, output, value) }],
    );
    const changes = updates.map((update, k) => this.#update(name, update, updates.slice(0, k)));
    if (results.length + changes.length === 0) {
      throw new GraphError('entry', 'entry', `${quoted(name)} has neither outputs nor updates`);
    }
    this.#entries.push({ name, outputs: results, updates: changes });
  }

  freshName(stem: string): string {
    const isTaken = (name: string): boolean =>
      [...this.#taken.keys()].some((taken) => taken === name || taken.startsWith(`${name}.`));
    for (let k = 1; ; k++) {
      const name = k === 1 ? stem : `${stem}${k}`;
      if (!isTaken(name)) return name;
    }
  }

  isTrainable(state: Node): boolean {
    return this.#states.some(({ node, trainable }) => node === state && trainable);
  }

  /** The module as data. */
  finish(): Module {
    if (this.#entries.length === 0) {
      throw new GraphError('entry', 'module', `${quoted(this.#name)} has no entry`);
    }
    return {
      name: this.#name,
      graph: this.graph,
      sizes: [...this.#sizes],
      inputs: [...this.#inputs],
      states: [...this.#states],
      params: [...this.#params],
      entries: [...this.#entries],
    };
  }

  #declareParam(name: string, initial: number, dtype: Dtype): Tensor {
    const node = this.graph.build('param', [], { name, initial, dtype });
    this.graph.label(node, name);
    if (!this.#params.includes(node)) this.#params.push(node);
    return new Tensor(this.graph, node);
  }

  #take(kind: string, name: string): void {
    requireName(kind, name);
    const before = this.#taken.get(name);
    if (before !== undefined) {
      const article = before === 'input' ? 'an' : 'a';
      throw new GraphError(
        'name',
        kind,
        `the name ${quoted(name)} is used twice: there is ${article} ${before} of that name`,
      );
    }
    this.#taken.set(name, kind);
  }

  #output(entry: string, name: string, value: Tensor | readonly Update[]): Node {
    if (name === '')
      throw new GraphError('name', 'entry', `${quoted(entry)}: an output's name must not be empty`);
    if (!(value instanceof Tensor)) {
      throw new GraphError('output', 'entry', `${quoted(entry)}: output ${quoted(name)} is no tensor`);
    }
    this.#requireOwn(value, `output ${quoted(name)}`);
    if (value.dtype === 'u8') {
      const text = `${quoted(entry)}: output ${quoted(name)} is u8, which is for storage only: cast it first`;
      throw new GraphError('output', 'entry', text);
    }
    return value.node;
  }

  #update(entry: string, { state, next }: Update, before: readonly Update[]): { state: Node; next: Node } {
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
    if (before.some((update) => update.state.node === state.node)) {
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
    return { state: state.node, next: next.node };
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
  const { declarations } = tensor.graph;
  if (declarations !== undefined) return declarations;
  throw new GraphError('declaration', op, 'declares states, so it must be used inside defineModule');
}

const STEP = 'step';

function checkInit(name: string, init: Init, elements: number, dtype: Dtype): void {
  const wrong = (text: string): never => {
    throw new GraphError('values', 'state', `${quoted(name)}: ${text}`);
  };
  if (init.kind === 'values' && wordCount(init.words) !== elements) {
    wrong(`${wordCount(init.words)} given values for a shape of ${elements} elements`);
  }
  if ((init.kind === 'uniform' || init.kind === 'normal') && dtype !== 'f32') {
    wrong(`${init.kind} values are floats, the state is ${dtype}`);
  }
}

function requireName(kind: string, name: string): void {
  if (name === '') throw new GraphError('name', kind, `the name of a ${kind} must not be empty`);
}

function quoted(name: string): string {
  return JSON.stringify(name);
}
