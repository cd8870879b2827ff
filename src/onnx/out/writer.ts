import {
  type ElementType,
  elementTypes,
  type OnnxAttribute,
  type OnnxFunction,
  type OnnxNode,
  type OnnxOpset,
  type OnnxTensor,
} from '../proto/index.ts';
import { tensorOf } from './tensors.ts';

/** A value in a graph of ONNX: its name. */
export type Value = string;

/** Attributes of a node: whole numbers and lists of them, texts; a reference is to an attribute of the function's call. */
export type Attributes = Readonly<Record<string, number | readonly number[] | string | AttributeReference>>;

/** The attribute, a whole number, that a function's call has under a name. */
export interface AttributeReference {
  readonly attribute: string;
}

/** The domain of the functions that a model brings with it. */
export const OWN_DOMAIN = 'sinter';

/** A function of a model's own: what has no operator in ONNX, or one that promises too little. */
export interface OwnFunction {
  readonly name: string;
  readonly inputs: readonly string[];
  /** Names of attributes, whole numbers, that each call gives. */
  readonly attributes: readonly string[];
  readonly build: (writer: Writer, ...inputs: readonly Value[]) => Value;
}

/** A function of one value. @param build writes its nodes, and is called once a model */
export function ownFunction(
  name: string,
  inputs: readonly string[],
  build: OwnFunction['build'],
  attributes: readonly string[] = [],
): OwnFunction {
  return { name, inputs, attributes, build };
}

/** Nodes in the making, of a graph or of a function's body, and what they need. */
export class Writer {
  readonly nodes: OnnxNode[] = [];
  /** Constants of a graph; a function's are nodes. */
  readonly initializers: OnnxTensor[] = [];
  readonly #constants = new Map<string, Value>();
  readonly #made = new Map<string, Value>();
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();
  readonly #isFunction: boolean;
  readonly #called: Map<string, OwnFunction>;
  /** What values are named by from now on, beside their operator. */
  label: string | undefined;

  constructor(isFunction = false, called = new Map<string, OwnFunction>()) {
    this.#isFunction = isFunction;
    this.#called = called;
  }

  /** A name like one, which no value has, and which is taken then. */
  fresh(hint: string): Value {
    if (!this.#taken.has(hint)) {
      this.#taken.add(hint);
      return hint;
    }
    for (let k = this.#counts.get(hint) ?? 1; ; k++) {
      const name = `${hint}_${k}`;
      if (this.#taken.has(name)) continue;
      this.#counts.set(hint, k + 1);
      this.#taken.add(name);
      return name;
    }
  }

  /** A node of an operator of ONNX's with one result. An empty input is one that is left out. */
  node(op: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    return this.#add(op, '', inputs, attributes);
  }

  /** A node that calls a function of the model's own. */
  call(called: OwnFunction, inputs: readonly Value[], attributes: Attributes = {}): Value {
    const known = this.#called.get(called.name);
    if (known !== undefined && known !== called) throw new RangeError(`two functions ${called.name}`);
    this.#called.set(called.name, called);
    return this.#add(called.name, OWN_DOMAIN, inputs, attributes);
  }

  /** Numbers known beforehand, of a shape; a scalar where none is given. Equal ones are one value. */
  constant(type: ElementType, values: number | readonly number[], dims: readonly number[] = []): Value {
    const list = typeof values === 'number' ? [values] : values;
    const texts = list.map((x) => (Object.is(x, -0) ? '-0' : String(x)));
    const key = `${type}[${dims.join()}]${texts.join()}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const hint = list.length === 1 ? `${type}_${texts[0]}` : `${type}s`;
    const value = this.tensor(tensorOf(this.fresh(hint), type, list, dims));
    this.#constants.set(key, value);
    return value;
  }

  /** A given tensor, under its name. */
  tensor(tensor: OnnxTensor): Value {
    if (!this.#isFunction) this.initializers.push(tensor);
    else {
      const value = { ...tensor, name: '' };
      this.nodes.push({
        ...nodeOf('Constant', '', [], {}),
        outputs: [tensor.name],
        attributes: [{ name: 'value', kind: 'tensor', value }],
      });
    }
    return tensor.name;
  }

  /** The functions that some nodes call, and those that these call. */
  functions(nodes: readonly OnnxNode[], opset: OnnxOpset): OnnxFunction[] {
    const written = new Map<string, OnnxFunction>();
    const waiting = [...nodes];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      const called = node.domain === OWN_DOMAIN ? this.#called.get(node.op) : undefined;
      if (called === undefined || written.has(called.name)) continue;
      const made = functionOf(called, opset, this.#called);
      written.set(called.name, made);
      waiting.push(...made.nodes);
    }
    return [...written.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** A node, or the one that is there: all operators here are functions of their operands. */
  #add(op: string, domain: string, inputs: readonly Value[], attributes: Attributes): Value {
    const key = JSON.stringify([domain, op, inputs, attributes]);
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const name = this.fresh(this.label === undefined ? op : `${this.label}/${op}`);
    this.nodes.push({ ...nodeOf(op, domain, inputs, attributes), name, outputs: [name] });
    this.#made.set(key, name);
    return name;
  }
}

function functionOf(
  { name, inputs, attributes, build }: OwnFunction,
  opset: OnnxOpset,
  called: Map<string, OwnFunction>,
): OnnxFunction {
  const writer = new Writer(true, called);
  const named = inputs.map((input) => writer.fresh(input));
  const result = build(writer, ...named);
  return {
    name,
    domain: OWN_DOMAIN,
    inputs: named,
    outputs: [result],
    attributes,
    defaults: [],
    nodes: writer.nodes,
    opsets: [opset, { domain: OWN_DOMAIN, version: 1 }],
  };
}

function nodeOf(op: string, domain: string, inputs: readonly Value[], attributes: Attributes): OnnxNode {
  return {
    name: '',
    op,
    domain,
    inputs,
    outputs: [],
    attributes: Object.entries(attributes).map(([name, value]): OnnxAttribute => {
      if (typeof value === 'number') return { name, kind: 'int', value };
      if (typeof value === 'string') return { name, kind: 'string', value };
      if ('attribute' in value) return { name, kind: 'other', type: INT, reference: value.attribute };
      return { name, kind: 'ints', value };
    }),
  };
}

/** `AttributeProto.INT`. */
const INT = 2;

/** The number of an element type, as attributes of `Cast` have it. */
export function typeNumber(type: ElementType): number {
  return elementTypes[type];
}
