import { ByteList } from './byteList.ts';
import { InstructionWriter, typeIn } from './instructionWriter.ts';
import { WatReader } from './watReader.ts';

/** Turns the text of a WebAssembly module into its bytes. */
export type Assemble = (text: string) => Uint8Array;

/**
 * Turns the text of a WebAssembly module into its bytes: imports, globals and functions, with instructions in folded form,
 * `(i32.add (local.get $x) (i32.const 1))`, as all texts here are written. One walk over the text; no tree is made of it.
 *
 * @see https://webassembly.github.io/spec/core/binary/index.html
 * @throws RangeError for an instruction or a name that it does not know, or a text that is not a module
 */
export function assemble(text: string): Uint8Array {
  return new Assembler(text).module();
}

/** What is imported and exported. */
const KINDS = { func: 0, memory: 2 } as const;

const FUNCTION_TYPE = 0x60;

class Assembler {
  readonly #text: WatReader;
  /** Numbers of functions and globals by their names, which may be used before they are declared. */
  readonly #functions = new Map<string, number>();
  readonly #globals = new Map<string, number>();
  /** Numbers of the types of functions, by the bytes of their parameters and results. */
  readonly #types = new Map<string, number>();
  /** In the order of the bytes. */
  readonly #sections = {
    type: new Section(1),
    import: new Section(2),
    func: new Section(3),
    global: new Section(6),
    export: new Section(7),
    code: new Section(10),
  };
  /** Functions so far, imported ones first. */
  #count = 0;
  readonly #instructions: InstructionWriter;

  constructor(text: string) {
    this.#text = new WatReader(text);
    this.#instructions = new InstructionWriter(this.#text, this.#functions, this.#globals);
    // Comments and strings are passed over, whatever they hold.
    const counts = { func: 0, global: 0 };
    for (const [found, kind, name] of text.matchAll(/;;[^\n]*|"[^"]*"|\((func|global)(?: (\$[^\s()]+))?/g)) {
      if (kind === 'func') {
        if (name !== undefined) this.#declare(this.#functions, name, counts.func);
        counts.func++;
      } else if (kind === 'global' && found.length > '(global'.length) {
        if (name !== undefined) this.#declare(this.#globals, name, counts.global);
        counts.global++;
      }
    }
  }

  module(): Uint8Array {
    const text = this.#text;
    text.open('module');
    while (text.opens()) {
      const field = text.word();
      if (field === 'import') this.#import();
      else if (field === 'global') this.#global();
      else if (field === 'func') this.#function();
      else throw text.error(`a module's field ${field} is not known`);
    }
    text.close();
    const out = new ByteList();
    for (const byte of [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]) out.byte(byte);
    for (const section of Object.values(this.#sections)) if (section.count > 0) section.into(out);
    return out.written.slice();
  }

  #declare(numbers: Map<string, number>, name: string, number: number): void {
    if (numbers.has(name)) throw this.#text.error(`${name} is declared twice`);
    numbers.set(name, number);
  }

  /** `"module" "name" (memory least most shared))` or `… (func $name (param …) (result …)))`. */
  #import(): void {
    const text = this.#text;
    const section = this.#sections.import;
    section.count++;
    section.string(text.string());
    section.string(text.string());
    text.opens();
    const kind = text.word();
    if (kind === 'func') {
      text.name();
      section.byte(KINDS.func);
      section.unsigned(this.#signature().type);
      this.#count++;
    } else if (kind === 'memory') {
      section.byte(KINDS.memory);
      const least = text.integer();
      const most = text.integer();
      if (text.closes() || text.word() !== 'shared') throw text.error('a memory that is not shared');
      section.byte(0x03);
      section.unsigned(least);
      section.unsigned(most);
    } else throw text.error(`an import of a ${kind} is not known`);
    text.close();
    text.close();
  }

  /** `$name type value)` or `$name (mut type) value)`. */
  #global(): void {
    const text = this.#text;
    const section = this.#sections.global;
    section.count++;
    text.name();
    const isMutable = text.opens();
    if (isMutable) text.word('mut');
    section.byte(typeIn(this.#text));
    section.byte(isMutable ? 1 : 0);
    if (isMutable) text.close();
    this.#instructions.begin();
    this.#instructions.operands();
    section.bytes(this.#instructions.end());
  }

  /** `$name (export "name") (param …) (result …) (local …) body)`. */
  #function(): void {
    const text = this.#text;
    text.name();
    const number = this.#count++;
    while (text.opensWith('export')) {
      const section = this.#sections.export;
      section.count++;
      section.string(text.string());
      section.byte(KINDS.func);
      section.unsigned(number);
      text.close();
    }
    this.#instructions.begin();
    const { type, params } = this.#signature();
    this.#sections.func.count++;
    this.#sections.func.unsigned(type);
    this.#declaredLocals(params);
    this.#instructions.operands();
    this.#sections.code.count++;
    this.#sections.code.counted(this.#instructions.end());
  }

  /** `(param $name type) … (result type) …`: the number of the type, and how many parameters it has. */
  #signature(): { readonly type: number; readonly params: number } {
    const params: number[] = [];
    this.#declarations('param', params);
    const results: number[] = [];
    this.#declarations('result', results);
    const key = `${params.join()}>${results.join()}`;
    const known = this.#types.get(key);
    if (known !== undefined) return { type: known, params: params.length };
    const type = this.#types.size;
    this.#types.set(key, type);
    const section = this.#sections.type;
    section.count++;
    section.byte(FUNCTION_TYPE);
    section.counted(Uint8Array.from(params));
    section.counted(Uint8Array.from(results));
    return { type, params: params.length };
  }

  /** Types of what is declared, `(param i32 i32)` or `(param $name i32)`; names are locals after those before. */
  #declarations(keyword: string, into: number[], before = 0): void {
    const text = this.#text;
    while (text.opensWith(keyword)) {
      const name = text.name();
      if (name !== undefined) this.#declare(this.#instructions.locals, name, before + into.length);
      while (!text.closes()) into.push(typeIn(this.#text));
    }
  }

  /** `(local $name type) …`: runs of one type are counted. */
  #declaredLocals(params: number): void {
    const types: number[] = [];
    this.#declarations('local', types, params);
    const starts = types.flatMap((type, k) => (k === 0 || type !== types[k - 1] ? [k] : []));
    const { body } = this.#instructions;
    body.unsigned(starts.length);
    for (const [k, start] of starts.entries()) {
      body.unsigned((starts[k + 1] ?? types.length) - start);
      body.byte(types[start] ?? 0);
    }
  }
}

/** A section's entries, which are counted. */
class Section extends ByteList {
  count = 0;
  readonly #id: number;

  constructor(id: number) {
    super();
    this.#id = id;
  }

  /** @throws RangeError for characters beyond ASCII: names of imports and exports are ours */
  string(text: string): void {
    this.unsigned(text.length);
    for (let k = 0; k < text.length; k++) {
      const code = text.charCodeAt(k);
      if (code > 0x7f) throw new RangeError(`${text} has characters beyond ASCII`);
      this.byte(code);
    }
  }

  /** Writes the section: its id, its length, how many entries it has, these. */
  into(out: ByteList): void {
    const counted = new ByteList();
    counted.unsigned(this.count);
    counted.bytes(this.written);
    out.byte(this.#id);
    out.counted(counted.written);
  }
}
