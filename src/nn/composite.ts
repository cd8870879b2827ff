import { GraphError, Tensor, type Update } from '../graph/index.ts';
import { declarationsOf } from '../graph/module.ts';
import { type Inner, innerOf, type LayerOptions } from './layer.ts';
import type { Declared } from './weights.ts';

/** What stands behind a layer that is made of others: it names them, freezes them, and has their weights. */
export class Parts implements Inner {
  readonly op: string;
  readonly #parts: readonly (readonly [key: string, part: object])[];
  readonly #options: LayerOptions;
  readonly #stem: string | undefined;
  #adopted: string | undefined;
  #isFrozen: boolean;
  #fresh: string | undefined;
  #isApplied = false;

  /**
   * @param parts layers and other functions, by what they are called in it
   * @param stem  what its name begins with where it has none: that of what it is a copy of
   */
  constructor(
    op: string,
    parts: readonly (readonly [key: string, part: object])[],
    options: LayerOptions,
    stem?: string,
  ) {
    this.op = op;
    this.#parts = parts;
    this.#options = options;
    this.#stem = stem;
    this.#isFrozen = options.trainable === false;
  }

  get name(): string | undefined {
    return this.given ?? this.#fresh;
  }

  get given(): string | undefined {
    return this.#options.name ?? this.#adopted;
  }

  get isApplied(): boolean {
    return this.#isApplied;
  }

  /** Options of a copy, with those that are given for it, and the stem of its name. */
  copied(options: LayerOptions): { readonly options: LayerOptions; readonly stem: string | undefined } {
    const { trainable = this.#options.trainable } = options;
    return {
      options: { ...options, ...(trainable === undefined ? {} : { trainable }) },
      stem: this.name ?? this.#stem,
    };
  }

  /**
   * Applies it: at the first time its parts are named `NAME.PART`, if it has a name.
   *
   * @param args of which the first tensor says in which module it is
   * @throws GraphError `name` where another composite of that module has its name
   */
  apply<Out>(args: readonly unknown[], body: () => Out): Out {
    if (!this.#isApplied) this.#begin(args.find((arg) => arg instanceof Tensor));
    const made = body();
    this.#isApplied = true;
    return made;
  }

  #begin(first: Tensor | undefined): void {
    if (this.name === undefined && this.#stem !== undefined && first !== undefined)
      this.#fresh = declarationsOf(this.op, first).freshName(this.#stem);
    if (this.name !== undefined) first?.graph.declarations?.claim(this.op, this.name, this);
    for (const [key, part] of this.#parts)
      innerOf(part)?.adopt(this.name === undefined ? undefined : `${this.name}.${key}`, this.#isFrozen);
  }

  declared(): readonly Declared[] {
    return this.#parts.flatMap(([, part]) => innerOf(part)?.declared() ?? []);
  }

  updates(): readonly Update[] {
    return this.#parts.flatMap(([, part]) => innerOf(part)?.updates() ?? []);
  }

  adopt(name: string | undefined, isFrozen: boolean): void {
    if (isFrozen && !this.#isFrozen && this.#isApplied) {
      const text = `${this.name ?? 'a layer'} is a part of a frozen layer, and was applied before it: give it trainable: false`;
      throw new GraphError('layer', this.op, text);
    }
    this.#adopted ??= name;
    this.#isFrozen ||= isFrozen;
  }
}
