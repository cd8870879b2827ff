import type { Tensor } from '../../graph/index.ts';
import { OnnxError } from '../issues.ts';
import type { OnnxFunction, OnnxGraph, OnnxModel, OnnxNode } from '../proto/model.ts';
import { listOf, NodeContext, type Surroundings } from './context.ts';
import { Declared, type DeclaredWith } from './declared.ts';
import { onElements } from './elements.ts';
import { elementType, elemOf } from './elementTypes.ts';
import { type Folded, folded } from './fold.ts';
import { nodesOfCall } from './functions.ts';
import { wrapped } from './operators/logic.ts';
import type { Operator } from './operators/operator.ts';
import { operatorOf } from './operators/table.ts';
import { nodesIn, nodeText, ordered, quoted, readsWithin, withoutPlace } from './order.ts';
import { Refusals } from './refusals.ts';
import { stateNames } from './stateNames.ts';
import { type External, knownTensor, weightOf } from './tensors.ts';
import type { Value } from './value.ts';

/** How a graph is imported. */
export interface ImportOptions extends DeclaredWith {
  readonly external: External | undefined;
  readonly training: boolean;
}

/** Nodes that a model has at most, those of functions as often as these are called. */
const MOST_NODES = 100_000;
/** Functions and graphs within one another. */
const DEEPEST = 32;
/** Elements of all constants that nodes make of others. */
const MOST_KNOWN_ELEMENTS = 2 ** 23;
/** Operations that all nodes become: a recurrence is unrolled, and so is what is resized. */
const MOST_OPERATIONS = 2 ** 18;

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
  return { outputs: graph.main(inputs), tensorOf: (value) => graph.declared.tensorOf(value) };
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
  readonly declared: Declared;
  #nodes = 0;
  #elements = 0;
  /** Operations of the module that the file is imported into. */
  readonly #before: number;
  #depth = 0;

  constructor(model: OnnxModel, options: ImportOptions) {
    this.#model = model;
    this.#options = options;
    this.#before = options.calls.where.graph.nodes.length;
    this.declared = new Declared(options);
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
      this.#count(nodesIn(graph.nodes));
      const order = ordered(graph, (name) => scope.has(name));
      for (const tensor of graph.initializers) {
        if (!scope.has(tensor.name)) scope.set(tensor.name, this.#initializer(tensor));
      }
      for (const node of order) this.#node(node, scope, versions);
      return graph.outputs.map(({ name }) => scope.get(name));
    });
  }

  /** Counts nodes, those that are not needed too: they are looked at. @throws OnnxError `too-large` */
  #count(nodes: number): void {
    this.#nodes += nodes;
    if (this.#nodes > MOST_NODES)
      throw new OnnxError('too-large', `there are more than ${MOST_NODES} nodes, functions expanded`);
  }

  /** Counts what a node made. @throws OnnxError `too-large` */
  #countResults(node: OnnxNode, results: readonly (Value | undefined)[]): void {
    for (const value of results) if (value?.kind === 'known') this.#elements += value.elements.length;
    if (this.#elements > MOST_KNOWN_ELEMENTS) {
      const text = `${nodeText(node)}: constants of more than ${MOST_KNOWN_ELEMENTS} elements are made of others`;
      throw new OnnxError('too-large', text);
    }
    if (this.#options.calls.where.graph.nodes.length - this.#before > MOST_OPERATIONS) {
      const text = `${nodeText(node)}: the nodes before it and this one become more than ${MOST_OPERATIONS} operations`;
      throw new OnnxError('too-large', text);
    }
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
    const values = node.inputs.map((name) => (name === '' ? undefined : scope.get(name)));
    const isMissing = node.inputs.some((name) => name !== '' && scope.get(name) === undefined);
    const results = isMissing ? this.#unread(node) : this.#results(node, values, scope, versions);
    this.#countResults(node, results);
    for (const [k, name] of node.outputs.entries()) {
      if (name === '') continue;
      const value = results[k];
      scope.set(name, value);
      if (value?.kind === 'computed') this.#options.calls.name(value.tensor, name);
    }
  }

  /** Nothing, of a node that reads what one makes that is not supported; its own operator may not be supported either. */
  #unread(node: OnnxNode): readonly [] {
    const isKnown =
      this.#functions.has(`${node.domain}:${node.op}`) || operatorOf(node.domain, node.op) !== undefined;
    if (!isKnown) this.#refusals.add(node, undefined);
    return [];
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
  ): Folded {
    const known = values.flatMap((value) => (value?.kind === 'known' ? [value] : []));
    if (known.length === 0 || values.some((value) => value !== undefined && value.kind !== 'known'))
      return undefined;
    const own = onElements(node, known);
    if (own !== undefined) return [own];
    const operands = values.map((value) => (value?.kind === 'known' ? value : undefined));
    try {
      return folded({ node, opset, row, operands, around });
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
      tensorOf: (value) => this.declared.tensorOf(value),
      bufferOf: (value) => this.declared.tensorOf(value, false),
      knownOf: (value) => this.declared.knownOf(value),
      read: (tensor) => knownTensor(tensor, external),
      weight: (name, shape, values) => ({ kind: 'weight', elem: 1, dtype: 'f32', shape, name, values }),
      within: (graph) => {
        const captured = readsWithin(graph).filter((name) => scope.has(name));
        const inner: Scope = new Map(captured.map((name) => [name, scope.get(name)]));
        const results = this.#graph(graph, inner, versions);
        return results.map((value) => {
          if (value !== undefined) return value;
          throw new OnnxError('unsupported', 'its branch needs what is not supported');
        });
      },
    };
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
      this.#count(nodesIn(own.nodes));
      const nodes = nodesOfCall(own, call, (name) => scope.has(name));
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
