import { Bytes } from './bytes.ts';
import { writeExpression } from './instructions.ts';
import { Tokens } from './tokens.ts';

/**
 * The bytes of a WebAssembly module, out of that part of its text format which kernels are written in: imports of
 * functions and of a memory, globals, and functions whose instructions are folded, `(i32.add (…) (…))`.
 *
 * https://webassembly.github.io/spec/core/binary/modules.html
 *
 * @throws RangeError for a text that is no such module: what was expected, and what was found
 */
export function assembleModule(text: string): Uint8Array {
  return new Assembler(text).module();
}

const FUNCTION_TYPE = 0x60;
const kinds = { function: 0, memory: 2 } as const;

/** Where a function's locals and instructions are, and the parameters before them. */
interface Head {
  /** Types, as bytes. */
  readonly params: readonly number[];
  readonly names: ReadonlyMap<string, number>;
  /** The first token of its locals. */
  readonly rest: number;
}

class Assembler {
  readonly #tokens: Tokens;
  readonly #types = new Map<string, number>();
  readonly #functions = new Map<string, number>();
  readonly #globals = new Map<string, number>();
  readonly #heads: Head[] = [];
  #imported = 0;
  readonly #sections = {
    types: new Section(1),
    imports: new Section(2),
    functions: new Section(3),
    globals: new Section(6),
    exports: new Section(7),
    code: new Section(10),
  };

  constructor(text: string) {
    this.#tokens = new Tokens(text);
  }

  module(): Uint8Array {
    this.#tokens.expect('(');
    this.#tokens.expect('module');
    while (!this.#tokens.takes(')')) this.#field();
    // Functions may call those that come later: all heads are read before the first body.
    for (const head of this.#heads) this.#body(head);
    const module = new Bytes();
    module.all([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    for (const section of Object.values(this.#sections)) section.writeTo(module);
    return module.written().slice();
  }

  #field(): void {
    if (this.#tokens.enters('import')) this.#import();
    else if (this.#tokens.enters('global')) this.#global();
    else if (this.#tokens.enters('func')) this.#head();
    else throw this.#tokens.unexpected('an import, a global or a func');
  }

  #import(): void {
    const entry = this.#sections.imports.next();
    writeName(entry, this.#tokens.string());
    writeName(entry, this.#tokens.string());
    if (this.#tokens.enters('memory')) {
      const limits = [this.#tokens.integer(), this.#tokens.integer()];
      entry.all([kinds.memory, this.#tokens.takes('shared') ? 3 : 1]);
      for (const limit of limits) entry.unsigned(limit);
    } else if (this.#tokens.enters('func') && this.#heads.length === 0) {
      this.#tokens.declare(this.#functions, this.#imported++);
      entry.byte(kinds.function);
      entry.unsigned(this.#signature().type);
    } else throw this.#tokens.unexpected('a memory, or a func before all that are written here');
    this.#tokens.expect(')');
    this.#tokens.expect(')');
  }

  #global(): void {
    this.#tokens.declare(this.#globals, this.#globals.size);
    const entry = this.#sections.globals.next();
    const isMutable = this.#tokens.enters('mut');
    entry.byte(this.#tokens.type());
    if (isMutable) this.#tokens.expect(')');
    entry.byte(isMutable ? 1 : 0);
    writeExpression(this.#tokens, this.#scope(new Map()), entry);
  }

  #head(): void {
    const index = this.#imported + this.#heads.length;
    if (this.#tokens.isName()) this.#tokens.declare(this.#functions, index);
    while (this.#tokens.enters('export')) {
      const entry = this.#sections.exports.next();
      writeName(entry, this.#tokens.string());
      entry.byte(kinds.function);
      entry.unsigned(index);
      this.#tokens.expect(')');
    }
    const { params, names, type } = this.#signature();
    this.#sections.functions.next().unsigned(type);
    this.#heads.push({ params, names, rest: this.#tokens.at });
    this.#tokens.leave();
  }

  /** Parameters and results; the number of their type. */
  #signature(): { params: readonly number[]; names: ReadonlyMap<string, number>; type: number } {
    const names = new Map<string, number>();
    const params = this.#declared('param', names, 0);
    const results = this.#declared('result', new Map(), 0);
    const key = `${params} ${results}`;
    const type = this.#types.get(key) ?? this.#types.size;
    if (type === this.#types.size) {
      this.#types.set(key, type);
      const entry = this.#sections.types.next();
      entry.byte(FUNCTION_TYPE);
      for (const list of [params, results]) {
        entry.unsigned(list.length);
        entry.all(list);
      }
    }
    return { params, names, type };
  }

  /** The types in all forms of a name that come next; the names in them are numbered from `first` on. */
  #declared(form: 'param' | 'result' | 'local', names: Map<string, number>, first: number): number[] {
    const types: number[] = [];
    while (this.#tokens.enters(form)) {
      if (this.#tokens.isName()) this.#tokens.declare(names, first + types.length);
      while (!this.#tokens.takes(')')) types.push(this.#tokens.type());
    }
    return types;
  }

  #body({ params, names, rest }: Head): void {
    this.#tokens.at = rest;
    const locals = new Map(names);
    const code = new Bytes();
    writeLocals(code, this.#declared('local', locals, params.length));
    writeExpression(this.#tokens, this.#scope(locals), code);
    const entry = this.#sections.code.next();
    entry.unsigned(code.length);
    entry.all(code.written());
  }

  #scope(locals: ReadonlyMap<string, number>) {
    return { functions: this.#functions, globals: this.#globals, locals };
  }
}

/** A section's entries, one after the other. */
class Section {
  readonly #number: number;
  readonly #entries = new Bytes();
  #count = 0;

  constructor(number: number) {
    this.#number = number;
  }

  /** Where one more entry is written. */
  next(): Bytes {
    this.#count++;
    return this.#entries;
  }

  writeTo(module: Bytes): void {
    if (this.#count === 0) return;
    const count = new Bytes();
    count.unsigned(this.#count);
    module.byte(this.#number);
    module.unsigned(count.length + this.#entries.length);
    module.all(count.written());
    module.all(this.#entries.written());
  }
}

/** How many neighbours are of one type, and that type, again and again. */
function writeLocals(code: Bytes, types: readonly number[]): void {
  const runs: { readonly type: number; count: number }[] = [];
  for (const type of types) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  code.unsigned(runs.length);
  for (const { type, count } of runs) {
    code.unsigned(count);
    code.byte(type);
  }
}

function writeName(into: Bytes, name: string): void {
  into.unsigned(name.length);
  for (let k = 0; k < name.length; k++) into.byte(name.charCodeAt(k));
}
