import type { Tensor, ValueDtype } from '../../graph/index.ts';
import { shortestFloat } from '../../loops/float32.ts';
import type { Dim } from '../../loops/size.ts';
import { OnnxError } from '../issues.ts';
import type { OnnxAttribute, OnnxFunction, OnnxGraph, OnnxModel, OnnxNode } from '../proto/model.ts';
import type { Calls } from './calls.ts';
import { listOf, NodeContext, type Surroundings } from './context.ts';
import { onElements } from './elements.ts';
import { elementType, elemOf } from './elementTypes.ts';
import { folded, requireFit } from './fold.ts';
import { wrapped } from './operators/logic.ts';
import type { Operator } from './operators/operator.ts';
import { operatorOf } from './operators/table.ts';
import { nodeText, ordered, quoted, withoutPlace } from './order.ts';
import { Refusals } from './refusals.ts';
import { stateNames } from './stateNames.ts';
import { type External, knownTensor, weightOf } from './tensors.ts';
import { isNumeric, type Known, type Value, type Weight } from './value.ts';

/** How a graph is imported. */
export interface ImportOptions {
  readonly calls: Calls;
  readonly external: External | undefined;
  readonly training: boolean;
  /** What stands before the names of states. */
  readonly prefix: string;
  /** Where an input has a bounded size: how many samples are live is asked of it. */
  readonly bounded: ReadonlyMap<string, readonly [tensor: Tensor, axis: number]>;
  /** States that were declared before, by the names of weights. */
  readonly states: Map<string, Tensor>;
}

/** Nodes that a model has at most, those of functions as often as these are called. */
const MOST_NODES = 100_000;
/** Functions and graphs within one another. */
const DEEPEST = 32;
/** Elements of constants that stand in the graph itself; more are a state. */
const MOST_LITERAL = 64;

type Versions = ReadonlyMap<string, number>;
/** Values by their names; undefined of those that a node which is not supported would make. */
type Scope = Map<string, Value | undefined>;

/**
 * Imports the main graph of a model.
 *
 * @param inputs by name
 * @returns the outputs by name, in order
 * @throws OnnxError where the graph is not as it should be, or nodes are not supported: all of these at once
 */
export function importGraph(
  model: OnnxModel,
  inputs: ReadonlyMap<string, Value>,
  options: ImportOptions,
): Imported {
  const graph = new GraphImport(model, options);
  return { outputs: graph.main(inputs), tensorOf: (value) => graph.tensorOf(value) };
}

/** What a graph makes. */
export interface Imported {
  readonly outputs: ReadonlyMap<string, Value>;
  readonly tensorOf: (value: Value) => Tensor;
}

class GraphImport {
  readonly #model: OnnxModel;
  readonly #options: ImportOptions;
  readonly #functions: ReadonlyMap<string, OnnxFunction>;
  /** Names of states in place of those of weights. */
  readonly #names: ReadonlyMap<string, string>;
  readonly #refusals = new Refusals();
  readonly #tensors = new Map<Value, Tensor>();
  readonly #known = new Map<Weight, Known>();
  #nodes = 0;
  #depth = 0;

  constructor(model: OnnxModel, options: ImportOptions) {
    this.#model = model;
    this.#options = options;
    this.#names = stateNames(model.graph);
    this.#functions = new Map(model.functions.map((one) => [`${one.domain}:${one.name}`, one]));
  }

  main(inputs: ReadonlyMap<string, Value>): Map<string, Value> {
    const { graph, opsets } = this.#model;
    const scope: Scope = new Map(inputs);
    const results = this.#graph(graph, scope, versionsOf(opsets));
    this.#refusals.throwIfAny();
    return new Map(
      graph.outputs.map(({ name }, k) => {
        const value = results[k];
        if (value === undefined) throw new RangeError(`no value for the output ${name}`);
        return [name, value];
      }),
    );
  }

  /** The outputs of a graph, whose inputs a scope has. */
  #graph(graph: OnnxGraph, scope: Scope, versions: Versions): (Value | undefined)[] {
    return this.#within(() => {
      const order = ordered(graph, (name) => scope.has(name));
      for (const tensor of graph.initializers) {
        if (!scope.has(tensor.name)) scope.set(tensor.name, this.#initializer(tensor));
      }
      for (const node of order) this.#node(node, scope, versions);
      return graph.outputs.map(({ name }) => scope.get(name));
    });
  }

  #within<T>(work: () => T): T {
    if (this.#depth === DEEPEST)
      throw new OnnxError('depth', `functions and graphs within one another are deeper than ${DEEPEST}`);
    this.#depth++;
    try {
      return work();
    } finally {
      this.#depth--;
    }
  }

  /** Floats with axes are weights; numbers, and integers, are known. */
  #initializer(tensor: OnnxGraph['initializers'][number]): Value {
    const { external } = this.#options;
    const { dtype } = elementType(tensor.type, quoted(tensor.name));
    return dtype === 'f32' && tensor.dims.length > 0
      ? weightOf({ ...tensor, name: this.#names.get(tensor.name) ?? tensor.name }, external)
      : knownTensor(tensor, external);
  }

  #node(node: OnnxNode, scope: Scope, versions: Versions): void {
    if (++this.#nodes > MOST_NODES)
      throw new OnnxError('too-large', `there are more than ${MOST_NODES} nodes, functions expanded`);
    const values = node.inputs.map((name) => (name === '' ? undefined : scope.get(name)));
    const isMissing = node.inputs.some((name) => name !== '' && scope.get(name) === undefined);
    const results = isMissing ? [] : this.#results(node, values, scope, versions);
    for (const [k, name] of node.outputs.entries()) {
      if (name === '') continue;
      const value = results[k];
      scope.set(name, value);
      if (value?.kind === 'computed') this.#options.calls.name(value.tensor, name);
    }
  }

  /** What a node makes; nothing where it is not supported. */
  #results(
    node: OnnxNode,
    values: readonly (Value | undefined)[],
    scope: Scope,
    versions: Versions,
  ): readonly (Value | undefined)[] {
    const own = this.#functions.get(`${node.domain}:${node.op}`);
    if (own !== undefined) return this.#function(own, node, values);
    const row = operatorOf(node.domain, node.op);
    if (row === undefined) {
      this.#refusals.add(node, undefined);
      return [];
    }
    const opset = versions.get(normalDomain(node.domain)) ?? 1;
    if (opset < row.since) {
      this.#refusals.add(
        node,
        `it is read from version ${row.since} of the operator set on, the file has ${opset}`,
      );
      return [];
    }
    try {
      const results = this.#imported(node, opset, row, values, scope, versions);
      const lacking = node.outputs.find((name, k) => name !== '' && results[k] === undefined);
      if (lacking === undefined) return results;
      throw new OnnxError('unsupported', `its output ${quoted(lacking)}`);
    } catch (thrown) {
      return this.#failed(node, thrown);
    }
  }

  /** Keeps what is not supported, and throws what is wrong. */
  #failed(node: OnnxNode, thrown: unknown): readonly [] {
    if (thrown instanceof OnnxError && thrown.code === 'unsupported') {
      this.#refusals.add(node, thrown.message);
      return [];
    }
    if (thrown instanceof OnnxError && thrown.code !== 'node') throw thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new OnnxError('node', `${nodeText(node)}: ${withoutPlace(message)}`, undefined, { cause: thrown });
  }

  #imported(
    node: OnnxNode,
    opset: number,
    row: Operator,
    values: readonly (Value | undefined)[],
    scope: Scope,
    versions: Versions,
  ): readonly (Value | undefined)[] {
    const around = this.#surroundings(scope, versions);
    const known = this.#folded(node, opset, row, values, around);
    if (known !== undefined) return known;
    const ctx = new NodeContext(node, opset, values, around);
    const results = listOf(row.import(ctx));
    return results.map((result): Value | undefined => {
      if (result === undefined) return undefined;
      const value: Value =
        'kind' in result ? result : { kind: 'computed', elem: ctx.elemFor(result), tensor: result };
      if (value.kind !== 'computed' || row.wraps !== true) return value;
      const { narrow } = elementType(value.elem, 'a result');
      return narrow === undefined || value.tensor.dtype !== 'i32'
        ? value
        : { ...value, tensor: wrapped(value.tensor, narrow) };
    });
  }

  /** What a node makes of what is known, where it can be known. */
  #folded(
    node: OnnxNode,
    opset: number,
    row: Operator,
    values: readonly (Value | undefined)[],
    around: Surroundings,
  ): readonly (Known | undefined)[] | undefined {
    const known = values.flatMap((value) => (value?.kind === 'known' ? [value] : []));
    if (known.length === 0 || values.some((value) => value !== undefined && value.kind !== 'known'))
      return undefined;
    const own = onElements(node, known);
    if (own !== undefined) return [own];
    const operands = values.map((value) => (value?.kind === 'known' ? value : undefined));
    try {
      return folded(node, opset, row, operands, around);
    } catch {
      // It is imported as others are, and what is wrong with it is told then.
      return undefined;
    }
  }

  #surroundings(scope: Scope, versions: Versions): Surroundings {
    const { calls, training, external } = this.#options;
    return {
      calls,
      training,
      tensorOf: (value) => this.tensorOf(value, true),
      bufferOf: (value) => this.tensorOf(value, false),
      knownOf: (value) => this.#knownOf(value),
      read: (tensor) => knownTensor(tensor, external),
      weight: (name, shape, values) => ({ kind: 'weight', elem: 1, dtype: 'f32', shape, name, values }),
      within: (graph) => {
        const inner: Scope = new Map(scope);
        const results = this.#graph(graph, inner, versions);
        return results.map((value) => {
          if (value !== undefined) return value;
          throw new OnnxError('unsupported', 'its branch needs what is not supported');
        });
      },
    };
  }

  #knownOf(value: Value): Known | undefined {
    switch (value.kind) {
      case 'known':
        return value;
      case 'computed':
        return undefined;
      case 'weight': {
        const before = this.#known.get(value);
        if (before !== undefined) return before;
        const { elem, dtype, shape, name } = value;
        const known: Known = { kind: 'known', elem, dtype, shape, elements: value.values(), name };
        this.#known.set(value, known);
        return known;
      }
      default:
        return value satisfies never;
    }
  }

  /** The tensor of a value, declared where there is none yet. */
  tensorOf(value: Value, isTrainable = true): Tensor {
    if (value.kind === 'computed') {
      // Bytes are for storage only.
      if (value.tensor.dtype !== 'u8') return value.tensor;
    }
    const before = this.#tensors.get(value);
    if (before !== undefined) return before;
    const tensor = this.#made(value, isTrainable);
    this.#tensors.set(value, tensor);
    return tensor;
  }

  #made(value: Value, isTrainable: boolean): Tensor {
    const { calls } = this.#options;
    switch (value.kind) {
      case 'computed':
        return value.tensor.cast('i32');
      case 'weight':
        return this.#state(value.name, value.shape, 'f32', isTrainable, value.values);
      case 'known': {
        const { elements, dtype, shape, name } = value;
        if (!isNumeric(elements)) return this.#ofSizes(value);
        requireFit(value, elements);
        const first = elements[0] ?? 0;
        const number = dtype === 'f32' ? shortestFloat(first) : first;
        if (isOneValue(elements)) {
          return dtype === 'f32'
            ? calls.s.full(calls.where, shape, number)
            : calls.s.full(calls.where, shape, number, dtype);
        }
        if (elements.length <= MOST_LITERAL)
          return calls.literal(
            dtype === 'f32' ? Array.from(elements, shortestFloat) : elements,
            shape,
            dtype,
          );
        return this.#state(name === '' ? 'constant' : name, shape, dtype, false, () => elements);
      }
      default:
        return value satisfies never;
    }
  }

  #state(
    name: string,
    shape: readonly number[],
    dtype: ValueDtype,
    isTrainable: boolean,
    values: () => ArrayLike<number>,
  ): Tensor {
    const { calls, prefix, states } = this.#options;
    const called = `${prefix}${name}`;
    const before = states.get(called);
    if (before !== undefined) return before;
    const tensor = calls.state({ name: called, shape, dtype, isTrainable, values });
    states.set(called, tensor);
    return tensor;
  }

  /** Numbers and bounded sizes as a tensor: of these, how many elements are live. */
  #ofSizes({ elements, shape, dtype }: Known): Tensor {
    const { calls, bounded } = this.#options;
    const type = dtype === 'f32' ? 'f32' : 'i32';
    const one = (element: Dim): Tensor => {
      if (typeof element === 'number') return calls.s.full(calls.where, [1], element, type);
      const place = bounded.get(element.size.name);
      if (place === undefined) throw new RangeError(`no input has the size ${element.size.name}`);
      const [tensor, axis] = place;
      const count = tensor.liveCount(axis).cast(type).reshape([1]);
      return element.factor === 1 ? count : count.mul(element.factor);
    };
    const parts = Array.from(elements, one);
    const [first] = parts;
    if (first === undefined) throw new RangeError('sizes without elements');
    return (parts.length === 1 ? first : calls.s.concat(parts, 0)).reshape(shape);
  }

  /** A call of a function of the model's own: its nodes, with the attributes of the call. */
  #function(
    own: OnnxFunction,
    call: OnnxNode,
    values: readonly (Value | undefined)[],
  ): readonly (Value | undefined)[] {
    return this.#within(() => {
      const scope: Scope = new Map();
      for (const [k, name] of own.inputs.entries()) {
        const value = values[k];
        if (value !== undefined) scope.set(name, value);
      }
      const given = new Map([...own.defaults, ...call.attributes].map((one) => [one.name, one]));
      // An operand that is left out is left out of the nodes that would read it.
      const left = new Set(own.inputs.filter((name) => !scope.has(name)));
      const nodes = own.nodes.map((node) => withAttributes(withoutOperands(node, left), given));
      const outputs = own.outputs.map((name) => ({ name, type: undefined }));
      const versions = versionsOf(own.opsets.length > 0 ? own.opsets : this.#model.opsets);
      for (const node of ordered({ nodes, initializers: [], inputs: [], outputs }, (name) =>
        scope.has(name),
      )) {
        this.#node(node, scope, versions);
      }
      return own.outputs.map((name) => scope.get(name));
    });
  }
}

/** Whether all elements, of which there are some, are the same. */
function isOneValue(elements: ArrayLike<number>): boolean {
  for (let k = 1; k < elements.length; k++) if (!Object.is(elements[k], elements[0])) return false;
  return elements.length > 0;
}

function withoutOperands(node: OnnxNode, left: ReadonlySet<string>): OnnxNode {
  if (left.size === 0) return node;
  return { ...node, inputs: node.inputs.map((name) => (left.has(name) ? '' : name)) };
}

/** A node of a function with the attributes of the call in the place of those that refer to them. */
function withAttributes(node: OnnxNode, given: ReadonlyMap<string, OnnxAttribute>): OnnxNode {
  const attributes = node.attributes.flatMap((attribute): OnnxAttribute[] => {
    if (attribute.kind === 'graph') {
      const { value } = attribute;
      return [
        { ...attribute, value: { ...value, nodes: value.nodes.map((one) => withAttributes(one, given)) } },
      ];
    }
    if (attribute.kind !== 'other' || attribute.reference === undefined) return [attribute];
    const own = given.get(attribute.reference);
    return own === undefined ? [] : [{ ...own, name: attribute.name }];
  });
  return { ...node, attributes };
}

/** The domain of ONNX's own operators has two names. */
function normalDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

/** The version of ONNX's own operators that is known last. */
const LATEST = 28;

/** Versions of operator sets by their domains. @throws OnnxError `opset` for one that is newer than those that are known */
export function versionsOf(opsets: OnnxModel['opsets']): Versions {
  const versions = new Map(opsets.map(({ domain, version }) => [normalDomain(domain), version]));
  const own = versions.get('');
  if (own !== undefined && !(own >= 1 && own <= LATEST)) {
    const text = `the file is of version ${own} of ONNX's operators: versions 1 to ${LATEST} are known`;
    throw new OnnxError('opset', text);
  }
  return versions;
}

/** The element type of an input's tensor. */
export function computedInput(tensor: Tensor, type: number): Value {
  const { dtype } = elementType(type, 'an input');
  const fits = tensor.dtype === dtype || tensor.dtype === 'u8';
  return { kind: 'computed', elem: fits ? type : elemOf(tensor.dtype), tensor };
}
