import { quoted } from '../graph/arguments.ts';
import {
  type Declarations,
  declarationsOf,
  type Graph,
  GraphError,
  type Initializer,
  ShapeError,
  type Tensor,
  type Update,
} from '../graph/index.ts';
import { dimAt, sameShape, unequal } from '../graph/shape.ts';
import { shapeText } from '../loops/index.ts';
import { type Inner, type LayerOptions, notApplied } from './layer.ts';

/** A state that a layer declared. */
export interface Declared {
  /** Its name within the layer, `weight`. */
  readonly part: string;
  readonly tensor: Tensor<'f32'>;
  /** Whether it is a weight, not a running statistic. */
  readonly isWeight: boolean;
}

/** What a weight is declared by. */
export interface WeightOptions {
  /** Its shape, which is fixed. */
  readonly shape: readonly number[];
  /** Its first values. */
  readonly init: Initializer;
  /** Whether files of others hold it in another order of axes; they do not by default. */
  readonly kernel?: 'dense' | 'convolution' | 'none';
}

/** The states of one layer: declared at its first application, the same at all others. */
export class Weights implements Inner {
  readonly op: string;
  readonly #options: LayerOptions;
  /** What it is a copy of. */
  readonly #origin: Weights | undefined;
  readonly #declared = new Map<string, Declared>();
  readonly #next = new Map<string, Tensor<'f32'>>();
  #adopted: string | undefined;
  #isFrozen: boolean;
  #graph: Graph | undefined;
  #declarations: Declarations | undefined;
  #name: string | undefined;
  #isApplied = false;

  /** @param op what its errors and, where it has no name, its states begin with */
  constructor(op: string, { name, trainable }: LayerOptions, origin?: Weights) {
    this.op = op;
    this.#options = { ...(name === undefined ? {} : { name }), trainable: trainable ?? true };
    this.#origin = origin;
    this.#isFrozen = trainable === false;
  }

  get name(): string | undefined {
    return this.given ?? this.#name;
  }

  get given(): string | undefined {
    return this.#options.name ?? this.#adopted;
  }

  get isApplied(): boolean {
    return this.#isApplied;
  }

  /** Begins an application to a tensor. @throws GraphError where it is of another module than that of the first one */
  at(x: Tensor): this {
    const declarations = declarationsOf(this.op, x);
    if (this.#hasBegun && this.#graph !== x.graph) {
      const text = `${this.#shown()} was applied in another module before: declare a layer for each`;
      throw new GraphError('other-graph', this.op, text);
    }
    this.#graph = x.graph;
    this.#declarations = declarations;
    return this;
  }

  /** Ends an application, which has computed what it was to: until the first one ends, the layer counts as not applied. */
  done(): void {
    this.#isApplied = true;
  }

  /** Its name: the given one, that of the composite with its own part, or one that no other has. */
  label(): string {
    // A name that an application found which then failed is no one's: another layer may have it by now.
    if (this.#name === undefined || !this.#hasBegun)
      this.#name = this.given ?? this.#within().freshName(this.stem());
    return this.#name;
  }

  /** A weight. @throws ShapeError where an operand asks for another shape than the first one did */
  weight(part: string, options: WeightOptions): Tensor<'f32'> {
    return this.#state(part, options, true);
  }

  /** A running statistic, which no optimizer updates. */
  statistic(part: string, options: WeightOptions): Tensor<'f32'> {
    return this.#state(part, options, false);
  }

  /** Moves a running statistic on: from its value, or from where the application before has moved it. */
  move(part: string, next: (before: Tensor<'f32'>) => Tensor<'f32'>): Update {
    const state = this.of(part);
    const after = next(this.#next.get(part) ?? state);
    this.#next.set(part, after);
    return { state, next: after };
  }

  /** A state that was declared. @throws GraphError where there is none, or none yet */
  of(part: string): Tensor<'f32'> {
    const found = this.#declared.get(part);
    if (found !== undefined) return found.tensor;
    if (!this.isApplied) return notApplied(this);
    throw new GraphError('layer', this.op, `${this.#shown()} has no ${part}: its options leave it out`);
  }

  declared(): readonly Declared[] {
    return [...this.#declared.values()];
  }

  updates(): readonly Update[] {
    return [...this.#next].map(([part, next]) => ({ state: this.of(part), next }));
  }

  adopt(name: string | undefined, isFrozen: boolean): void {
    if (isFrozen && !this.#isFrozen && this.#hasBegun) {
      const text = `${this.#shown()} is a part of a frozen layer, and was applied before it: give it trainable: false`;
      throw new GraphError('layer', this.op, text);
    }
    this.#adopted ??= name;
    this.#isFrozen ||= isFrozen;
  }

  /** Other weights of the same options, which begin as these do. */
  copied({ name, trainable }: LayerOptions): Weights {
    const options = {
      ...(name === undefined ? {} : { name }),
      trainable: trainable ?? this.#options.trainable ?? true,
    };
    return new Weights(this.op, options, this);
  }

  /** Whether it was applied, or has states of an application that failed. */
  get #hasBegun(): boolean {
    return this.#isApplied || this.#declared.size > 0;
  }

  #state(part: string, { shape, init, kernel = 'none' }: WeightOptions, isWeight: boolean): Tensor<'f32'> {
    const name = `${this.label()}.${part}`;
    const before = this.#declared.get(part)?.tensor;
    if (before === undefined) {
      const first = this.#origin?.firstValueOf(part, this.#graph, shape) ?? init;
      const trainable = isWeight && !this.#isFrozen;
      const tensor = this.#within().state(name, {
        shape,
        init: first,
        trainable,
        // Vectors have one order.
        ...(shape.length < 2 ? {} : { kernel }),
      });
      this.#declared.set(part, { part, tensor, isWeight });
      return tensor;
    }
    if (sameShape(before.shape, shape)) return before;
    const k = shape.findIndex((extent, d) => before.shape[d] !== extent);
    const differ =
      shape.length === before.shape.length ? ` (${unequal(dimAt(before.shape, k), dimAt(shape, k))})` : '';
    const text = `${quoted(name)} is ${shapeText(before.shape)} since the layer was first applied, for this operand it would be ${shapeText(shape)}${differ}`;
    throw new ShapeError('layer', this.op, text);
  }

  /** How a state of this begins, or of what this is a copy of, where either has declared it in a module. */
  firstValueOf(part: string, graph: Graph | undefined, shape: readonly number[]): Initializer | undefined {
    const own = this.#declared.get(part)?.tensor;
    if (own === undefined) return this.#origin?.firstValueOf(part, graph, shape);
    return own.graph === graph && sameShape(own.shape, shape)
      ? this.#within().firstValueOf(own.node)
      : undefined;
  }

  /** What its name begins with where it has none: that of what it is a copy of, or its kind. */
  stem(): string {
    return this.#origin === undefined ? this.op : (this.#origin.name ?? this.#origin.stem());
  }

  #within(): Declarations {
    return this.#declarations ?? notApplied(this);
  }

  #shown(): string {
    return this.name === undefined ? 'the layer' : quoted(this.name);
  }
}
