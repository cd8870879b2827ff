import type { Bytes } from './bytes.ts';
import { type Opcode, opcodes } from './opcodes.ts';
import type { Tokens } from './tokens.ts';

/** Numbers of what instructions name. */
export interface Scope {
  readonly functions: ReadonlyMap<string, number>;
  readonly globals: ReadonlyMap<string, number>;
  readonly locals: ReadonlyMap<string, number>;
}

const NO_RESULT = 0x40;
const [BLOCK, LOOP, IF, ELSE, END, TYPED_SELECT] = [0x02, 0x03, 0x04, 0x05, 0x0b, 0x1c];

/** The NaN that `nan` stands for, as a float32. */
const QUIET_NAN = 0x7fc00000;

/**
 * Writes the folded instructions that come next, up to the end of the form that they are in, which is read too, and
 * the end of an expression.
 */
export function writeExpression(tokens: Tokens, scope: Scope, code: Bytes): void {
  new Instructions(tokens, scope, code).all();
  code.byte(END);
}

class Instructions {
  readonly #tokens: Tokens;
  readonly #scope: Scope;
  readonly #code: Bytes;
  /** Names of the blocks that are open, the innermost last. */
  readonly #labels: string[] = [];

  constructor(tokens: Tokens, scope: Scope, code: Bytes) {
    this.#tokens = tokens;
    this.#scope = scope;
    this.#code = code;
  }

  /** Instructions up to the end of what they are in, which is read too. */
  all(): void {
    while (!this.#tokens.takes(')')) this.#instruction();
  }

  #instruction(): void {
    this.#tokens.expect('(');
    const name = this.#tokens.next();
    if (name === 'block' || name === 'loop') {
      const label = this.#tokens.isName() ? this.#tokens.next() : '';
      this.#open(name === 'block' ? BLOCK : LOOP, this.#result(), label);
      this.all();
      this.#close();
    } else if (name === 'if') this.#condition();
    else if (name === 'select') {
      const result = this.#result();
      this.all();
      this.#code.all(result === undefined ? opcodeOf(name).bytes : [TYPED_SELECT, 1, result]);
    } else this.#plain(name);
  }

  /** `(if (result …)? condition (then …) (else …)?)` */
  #condition(): void {
    const result = this.#result();
    while (!this.#tokens.enters('then')) this.#instruction();
    this.#open(IF, result, '');
    this.all();
    if (this.#tokens.enters('else')) {
      this.#code.byte(ELSE);
      this.all();
    }
    this.#close();
    this.#tokens.expect(')');
  }

  #open(opcode: number, result: number | undefined, label: string): void {
    this.#code.byte(opcode);
    this.#code.byte(result ?? NO_RESULT);
    this.#labels.push(label);
  }

  #close(): void {
    this.#code.byte(END);
    this.#labels.pop();
  }

  #result(): number | undefined {
    if (!this.#tokens.enters('result')) return undefined;
    const type = this.#tokens.type();
    this.#tokens.expect(')');
    return type;
  }

  /** An instruction after its operands. What it takes besides stands before them in the text. */
  #plain(name: string): void {
    const opcode = opcodeOf(name);
    const first = this.#tokens.at;
    while (this.#tokens.isWord()) this.#tokens.at++;
    const operands = this.#tokens.at;
    this.all();
    const after = this.#tokens.at;
    this.#tokens.at = first;
    for (const byte of opcode.bytes) this.#code.byte(byte);
    this.#immediates(opcode);
    if (this.#tokens.at !== operands) throw this.#tokens.unexpected(`operands of ${name}`);
    this.#tokens.at = after;
  }

  #immediates({ takes, alignment }: Opcode): void {
    const [code, tokens, scope] = [this.#code, this.#tokens, this.#scope];
    switch (takes) {
      case 'nothing':
        break;
      case 'local':
        code.unsigned(tokens.index(scope.locals));
        break;
      case 'global':
        code.unsigned(tokens.index(scope.globals));
        break;
      case 'function':
        code.unsigned(tokens.index(scope.functions));
        break;
      case 'label':
        code.unsigned(this.#depth());
        break;
      case 'i32':
      case 'i64':
        code.signed(tokens.integer() | 0);
        break;
      case 'f32':
        this.#float32();
        break;
      case 'f64':
        code.float64(tokens.float());
        break;
      case 'v128':
        this.#vector();
        break;
      case 'lane':
        code.byte(tokens.integer());
        break;
      case 'lanes':
        for (let lane = 0; lane < 16; lane++) code.byte(tokens.integer());
        break;
      case 'memory':
        this.#place(alignment);
        break;
      case 'memory lane':
        this.#place(alignment);
        code.byte(tokens.integer());
        break;
      case 'zero':
        code.byte(0);
        break;
      case 'two zeros':
        code.all([0, 0]);
        break;
      default:
        takes satisfies never;
    }
  }

  /** How many blocks lie around the one of a name. */
  #depth(): number {
    const place = this.#labels.lastIndexOf(this.#tokens.peek());
    if (place < 0) throw this.#tokens.unexpected('a block that is open');
    this.#tokens.at++;
    return this.#labels.length - 1 - place;
  }

  #vector(): void {
    if (this.#tokens.takes('f32x4')) for (let lane = 0; lane < 4; lane++) this.#float32();
    else {
      this.#tokens.expect('i32x4');
      for (let lane = 0; lane < 4; lane++) this.#code.int32(this.#tokens.integer());
    }
  }

  #float32(): void {
    const value = this.#tokens.float();
    // What bits a NaN has that is stored as a float32 is the engine's choice.
    if (Number.isNaN(value)) this.#code.int32(QUIET_NAN);
    else this.#code.float32(value);
  }

  #place(alignment: number): void {
    const OFFSET = 'offset=';
    this.#code.byte(alignment);
    const isGiven = this.#tokens.peek().startsWith(OFFSET);
    this.#code.unsigned(isGiven ? Number(this.#tokens.next().slice(OFFSET.length)) : 0);
  }
}

function opcodeOf(name: string): Opcode {
  const opcode = opcodes.get(name);
  if (opcode === undefined) throw new RangeError(`assembler: there is no instruction ${name}`);
  return opcode;
}
