import { commentText, liveField, Names } from '../kernels/names.ts';
import type { Axis, Dim, Loop, Tensor } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import type { Location } from './addresses.ts';
import { Code, i32, times } from './code.ts';
import { Evaluator } from './evaluate.ts';
import type { GroupText } from './groupText.ts';
import type { Knowledge } from './knowledge.ts';
import type { FunctionName } from './math.ts';
import type { FunctionText } from './share.ts';

/** What kernels must know of the module that they are part of. */
export interface ModuleScope {
  /** Whose threads run the module's tasks. */
  readonly machine: Machine;
  /** Where tensors lie that have a place in memory. */
  readonly place: (tensor: Tensor) => Location;
  /** Position of a field in the step block. */
  readonly field: (name: string) => number;
  /** Location from which packed operands lie. */
  readonly packed: number;
  /** Is told each function of vector mathematics that is called. */
  readonly calls: (name: FunctionName) => void;
  readonly known: Knowledge;
  /** The functions of groups that were written, by what makes others like them. */
  readonly groups: Map<string, GroupText>;
}

/** A function without its comments. */
export interface Written {
  /** Without the `$`. */
  readonly name: string;
  readonly text: string;
  /** What it computes: a loop, or in words. */
  readonly about: Loop | string | undefined;
}

/** A function of a task's number, and how many tasks a step has of it, as a text: those of what is live. */
export interface Runnable {
  readonly run: string;
  readonly tasks: string;
}

/** Where a loop's tensors lie that have no place of their own, by tensor. */
export type Inside = ReadonlyMap<Tensor, Location>;

/** The functions of one kernel: their names begin with its name. */
export class Functions {
  readonly #name: string;
  readonly #names = new Names();
  readonly #scope: ModuleScope;
  /** All that were finished, in order. */
  readonly written: Written[] = [];
  /** The names that were made, in order, and what was wished for. */
  readonly named: { readonly name: string; readonly wish: string }[] = [];

  constructor(name: string, scope: ModuleScope) {
    this.#name = name;
    this.#scope = scope;
  }

  /** All of them with their comments, in the order in which they were finished. */
  get finished(): readonly FunctionText[] {
    return this.written.map(({ name, text, about }) => ({
      name,
      text: [...commentsOn(about), text].join('\n'),
      ...(typeof about === 'object' ? { loop: about.name } : {}),
    }));
  }

  /** A name that no other function of the module has. */
  fresh(wish: string): string {
    const name = `${this.#name}.${this.#names.fresh(wish)}`;
    this.named.push({ name, wish });
    return name;
  }

  /**
   * A function to be written.
   *
   * @param inside places of tensors that have none of their own
   * @param first variable that is the first row of a task; the function has a parameter of that name
   */
  begin(
    wish: string,
    params: readonly string[],
    inside: Inside,
    first?: Axis,
  ): { name: string; code: Code; evaluator: Evaluator } {
    const name = this.fresh(wish);
    const code = new Code(
      name,
      params.map((p) => ({ name: p, type: 'i32' })),
    );
    if (first !== undefined) code.scope.axes.set(first, '(local.get $first)');
    return { name, code, evaluator: this.evaluator(code, inside) };
  }

  /** Takes a function that is written. @param about what it computes: a loop, or in words */
  finish(code: Code, about?: Loop | string): void {
    this.take({ name: code.name, text: code.text(), about });
  }

  /** Takes the text of a function. */
  take(written: Written): void {
    this.written.push(written);
  }

  /** How many elements are live, as a text that holds in any function. */
  live(dim: Dim): string {
    if (typeof dim === 'number') return i32(dim);
    const field = this.#scope.field(liveField(dim.size.name));
    return times(`(i32.load offset=${4 * field} (global.get $record))`, i32(dim.factor));
  }

  /** What writes expressions into a function. */
  evaluator(code: Code, inside: Inside = new Map()): Evaluator {
    const { place, field, calls, known } = this.#scope;
    return new Evaluator(code, {
      place: (tensor) => inside.get(tensor) ?? place(tensor),
      field,
      calls,
      known,
    });
  }

  /** An evaluator that is asked about loads, and writes nothing that is kept. */
  asked(inside: Inside = new Map()): Evaluator {
    return this.evaluator(new Code('', []), inside);
  }
}

function commentsOn(about: Loop | string | undefined): string[] {
  if (about === undefined) return [];
  const lines =
    typeof about === 'string'
      ? [about]
      : about.origin.map(({ node, source }) => (source === undefined ? node : `${node}  at ${source}`));
  return lines.map((line) => `;; ${commentText(line)}`);
}
