import { ByteList } from './byteList.ts';
import { type Instruction, instructions } from './instructions.ts';
import type { WatReader } from './watReader.ts';

const TYPES: ReadonlyMap<string, number> = new Map([
  ['i32', 0x7f],
  ['i64', 0x7e],
  ['f32', 0x7d],
  ['f64', 0x7c],
  ['v128', 0x7b],
]);
const NO_RESULT = 0x40;
const TYPED_SELECT = 0x1c;
const ELSE = 0x05;
const END = 0x0b;

/** The type that is the next word. @throws RangeError where that is none */
export function typeIn(text: WatReader): number {
  const word = text.word();
  const type = TYPES.get(word);
  if (type === undefined) throw text.error(`a type ${word} is not known`);
  return type;
}

/** Reads the instructions of one function after another, and writes them as bytes: each after its operands. */
export class InstructionWriter {
  /** What was written since the function began. */
  readonly body = new ByteList();
  /** The function's parameters and locals by their names. */
  readonly locals = new Map<string, number>();
  readonly #text: WatReader;
  readonly #functions: ReadonlyMap<string, number>;
  readonly #globals: ReadonlyMap<string, number>;
  /** Of the open blocks, the outermost first. */
  readonly #labels: string[] = [];
  readonly #float = new Float32Array(1);
  readonly #floatBytes = new Uint8Array(this.#float.buffer);

  /** @param functions numbers by names @param globals numbers by names */
  constructor(text: WatReader, functions: ReadonlyMap<string, number>, globals: ReadonlyMap<string, number>) {
    this.#text = text;
    this.#functions = functions;
    this.#globals = globals;
  }

  /** Begins a function, or the value of a global. */
  begin(): void {
    this.body.clear();
    this.locals.clear();
    this.#labels.length = 0;
  }

  /** Ends it. @returns its bytes, valid until another begins */
  end(): Uint8Array {
    this.body.byte(END);
    return this.body.written;
  }

  /** Instructions up to the end of what they are in. */
  operands(): void {
    while (this.#text.opens()) this.#instruction();
    this.#text.close();
  }

  /** An instruction after its operands, from after its parenthesis to its end. */
  #instruction(): void {
    const text = this.#text;
    const { body } = this;
    const name = text.word();
    const instruction = instructions.get(name);
    if (instruction === undefined) throw text.error(`an instruction ${name} is not known`);
    switch (instruction.takes) {
      case 'nothing':
        this.operands();
        this.#opcode(instruction);
        return;
      case 'local':
        this.#indexed(instruction, this.#number(this.locals));
        return;
      case 'global':
        this.#indexed(instruction, this.#number(this.#globals));
        return;
      case 'function':
        this.#indexed(instruction, this.#number(this.#functions));
        return;
      case 'label':
        this.#indexed(instruction, this.#depth());
        return;
      case 'lane':
        this.#indexed(instruction, text.integer());
        return;
      case 'i32':
      case 'i64':
        this.#opcode(instruction);
        body.signed(text.integer());
        text.close();
        return;
      case 'f32':
        this.#opcode(instruction);
        this.#float32(text.word());
        text.close();
        return;
      case 'f64':
        this.#opcode(instruction);
        body.bytes(new Uint8Array(Float64Array.of(Number(text.word())).buffer));
        text.close();
        return;
      case 'v128':
        this.#opcode(instruction);
        this.#vector();
        text.close();
        return;
      case 'memory':
        this.#memory(instruction, text.after('offset='));
        return;
      case 'memory lane': {
        const offset = text.after('offset=');
        const lane = text.integer();
        this.#memory(instruction, offset);
        body.byte(lane);
        return;
      }
      case 'two memories':
        this.operands();
        this.#opcode(instruction);
        body.byte(0);
        body.byte(0);
        return;
      case 'shuffle': {
        const lanes = Array.from({ length: 16 }, () => text.integer());
        this.operands();
        this.#opcode(instruction);
        for (const lane of lanes) body.byte(lane);
        return;
      }
      case 'type':
        this.#select(instruction);
        return;
      case 'block':
        if (name === 'if') this.#if(instruction);
        else this.#block(instruction);
        return;
      default:
        instruction.takes satisfies never;
    }
  }

  #opcode({ prefix, opcode }: Instruction): void {
    if (prefix === null) this.body.byte(opcode);
    else {
      this.body.byte(prefix);
      this.body.unsigned(opcode);
    }
  }

  #indexed(instruction: Instruction, index: number): void {
    this.operands();
    this.#opcode(instruction);
    this.body.unsigned(index);
  }

  #memory(instruction: Instruction, offset: number): void {
    this.operands();
    this.#opcode(instruction);
    this.body.unsigned(instruction.alignment);
    this.body.unsigned(offset);
  }

  #select(instruction: Instruction): void {
    const type = this.#text.opensWith('result') ? typeIn(this.#text) : undefined;
    if (type !== undefined) this.#text.close();
    this.operands();
    if (type === undefined) {
      this.#opcode(instruction);
      return;
    }
    this.body.byte(TYPED_SELECT);
    this.body.byte(1);
    this.body.byte(type);
  }

  /** `$label (result type) body)`. */
  #block(instruction: Instruction): void {
    this.#labels.push(this.#text.name() ?? '');
    this.#opcode(instruction);
    this.#result();
    this.operands();
    this.body.byte(END);
    this.#labels.pop();
  }

  /** `$label (result type) condition (then …) (else …))`. */
  #if(instruction: Instruction): void {
    const text = this.#text;
    const label = text.name() ?? '';
    if (text.opensWith('result')) throw text.error('an if that gives a value');
    while (!text.opensWith('then')) {
      if (!text.opens()) throw text.error('an if without a then');
      this.#instruction();
    }
    this.#labels.push(label);
    this.#opcode(instruction);
    this.body.byte(NO_RESULT);
    this.operands();
    if (text.opensWith('else')) {
      this.body.byte(ELSE);
      this.operands();
    }
    text.close();
    this.body.byte(END);
    this.#labels.pop();
  }

  #result(): void {
    if (!this.#text.opensWith('result')) {
      this.body.byte(NO_RESULT);
      return;
    }
    this.body.byte(typeIn(this.#text));
    this.#text.close();
  }

  #number(numbers: ReadonlyMap<string, number>): number {
    const name = this.#text.word();
    const number = numbers.get(name);
    if (number === undefined) throw this.#text.error(`${name} is not declared`);
    return number;
  }

  /** How many open blocks there are inside of the one with a label. */
  #depth(): number {
    const name = this.#text.word();
    const at = this.#labels.lastIndexOf(name);
    if (at < 0) throw this.#text.error(`no open block is called ${name}`);
    return this.#labels.length - 1 - at;
  }

  #float32(word: string): void {
    const value = floatOf(word);
    if (Number.isNaN(value) && word !== 'nan') throw this.#text.error(`${word} is not a number`);
    this.#float[0] = value;
    this.body.bytes(this.#floatBytes);
  }

  /** `f32x4` or `i32x4`, and four numbers. */
  #vector(): void {
    const text = this.#text;
    const shape = text.word();
    if (shape === 'f32x4') for (let lane = 0; lane < 4; lane++) this.#float32(text.word());
    else if (shape === 'i32x4') {
      for (let lane = 0; lane < 4; lane++) {
        const value = text.integer();
        for (let bits = 0; bits < 32; bits += 8) this.body.byte((value >> bits) & 0xff);
      }
    } else throw text.error(`constants of ${shape} are not known`);
  }
}

/** A float as the text spells it: `0.1`, `-0`, `inf`, `nan`, `-0x1.8p-3`. */
function floatOf(word: string): number {
  const isNegative = word.startsWith('-');
  const size = sizeOf(isNegative ? word.slice(1) : word);
  return isNegative ? -size : size;
}

function sizeOf(word: string): number {
  if (word === 'inf') return Infinity;
  if (!word.startsWith('0x')) return Number(word);
  const [digits = '', exponent = '0'] = word.slice('0x'.length).split('p');
  const [whole = '', fraction = ''] = digits.split('.');
  return Number.parseInt(whole + fraction, 16) * 2 ** (Number(exponent) - 4 * fraction.length);
}
