import { floatOf, type Operation, type ScalarFunction, type Value } from '../functions/index.ts';
import { statementsOf } from '../functions/statements.ts';
import { floatLiteral } from './floatLiteral.ts';
import type { WgslConstant, WgslFunction, WgslFunctionName } from './math.ts';

/** A text and how tightly it binds: 6 primary, 5 unary, 4 product, 3 sum, 2 what needs parentheses beside anything. */
interface Printed {
  readonly text: string;
  readonly level: 2 | 3 | 4 | 5 | 6;
}

/** A function as WGSL. What it uses is known before its text is asked for. */
export function wgslFunctionOf(f: ScalarFunction): WgslFunction {
  let made: WgslFunction | undefined;
  const whole = (): WgslFunction => {
    made ??= printed(f);
    return made;
  };
  return {
    get uses() {
      return whole().uses;
    },
    get constants() {
      return whole().constants ?? [];
    },
    get text() {
      return whole().text;
    },
  };
}

/** The name of a function of our own in WGSL. */
export function wgslNameOf<const N extends string>(name: N): `${N}_f32` {
  return `${name}_f32`;
}

/** Words that no variable of a function may have for a name. */
const taken = ['fn', 'let', 'var', 'return', 'select', 'bitcast', 'abs', 'sqrt', 'floor', 'round'];

function printed(f: ScalarFunction): WgslFunction {
  const uses = new Set<string>();
  const constants = new Set<WgslConstant>();
  const { parameters, lets, result, nameOf } = statementsOf(f, () => false, taken);
  const print = (value: Value): Printed => {
    const name = nameOf(value);
    return name === undefined ? spell(value) : { text: name, level: 6 };
  };
  const spell = (value: Value): Printed => {
    switch (value.kind) {
      case 'named':
        return print(value.of);
      case 'constant':
        return constant(value, constants);
      case 'apply': {
        if (value.op === 'mulHigh') uses.add(value.type === 'u32' ? 'mul_high_u32' : 'mul_high_i32');
        return spellings[value.op](value.args.map(print), value);
      }
      case 'parameter':
        throw new RangeError(`${f.name} has no parameter ${value.index}`);
      default:
        return value satisfies never;
    }
  };
  const body = lets.map(({ name, value }) => `  let ${name} = ${spell(value).text};\n`);
  const last = print(result).text;
  const signature = parameters.map((name) => `${name}: f32`).join(', ');
  const comment = f.doc.split('\n').map((line) => `// ${line}\n`);
  const text = `\n${comment.join('')}fn ${wgslNameOf(f.name)}(${signature}) -> f32 {\n${body.join('')}  return ${last};\n}`;
  return { uses: [...uses] as WgslFunctionName[], constants: [...constants], text };
}

function constant({ type, bits }: Value & { kind: 'constant' }, constants: Set<WgslConstant>): Printed {
  switch (type) {
    case 'bool':
      return { text: bits !== 0 ? 'true' : 'false', level: 6 };
    case 'u32':
      return { text: bits < 4096 ? `${bits}u` : `0x${bits.toString(16)}u`, level: 6 };
    case 'i32': {
      const value = bits | 0;
      return { text: String(value), level: value < 0 ? 5 : 6 };
    }
    case 'f32': {
      const value = floatOf(bits);
      if (Number.isFinite(value)) return { text: floatLiteral(value), level: bits >>> 31 === 1 ? 5 : 6 };
      const name = Number.isNaN(value) ? 'nan' : 'infinity';
      constants.add(name);
      const sign = value < 0 ? '-' : '';
      return { text: `${sign}bitcast<f32>(${name}_bits)`, level: sign === '' ? 6 : 5 };
    }
    default:
      return type satisfies never;
  }
}

type Spelling = (args: readonly Printed[], value: Value & { kind: 'apply' }) => Printed;

function operand(args: readonly Printed[], k: number, level: number): string {
  const arg = args[k];
  if (arg === undefined) throw new RangeError(`operand ${k} of ${args.length}`);
  return arg.level >= level ? arg.text : `(${arg.text})`;
}

/** An operator whose left operand may be a chain of it. */
const infix =
  (symbol: string, level: 3 | 4): Spelling =>
  (args) => ({ text: `${operand(args, 0, level)} ${symbol} ${operand(args, 1, level + 1)}`, level });

/** An operator that stands with no other without parentheses. */
const alone =
  (symbol: string): Spelling =>
  (args) => ({ text: `${operand(args, 0, 5)} ${symbol} ${operand(args, 1, 5)}`, level: 2 });

const named =
  (name: string): Spelling =>
  (args) => ({ text: `${name}(${args.map(({ text }) => text).join(', ')})`, level: 6 });

const prefix =
  (symbol: string): Spelling =>
  (args) => ({ text: `${symbol}${operand(args, 0, 6)}`, level: 5 });

const spellings = {
  add: infix('+', 3),
  sub: infix('-', 3),
  mul: infix('*', 4),
  div: infix('/', 4),
  neg: prefix('-'),
  abs: named('abs'),
  sqrt: named('sqrt'),
  floor: named('floor'),
  round: named('round'),
  and: alone('&'),
  or: alone('|'),
  xor: alone('^'),
  not: (args, { type }) =>
    prefix(type === 'bool' ? '!' : '~')(args, { kind: 'apply', type, op: 'not', args: [] }),
  shl: alone('<<'),
  shr: alone('>>'),
  mulHigh: (args, { type, op }) => named(`mul_high_${type}`)(args, { kind: 'apply', type, op, args: [] }),
  lt: alone('<'),
  le: alone('<='),
  eq: alone('=='),
  // WGSL's order.
  select: ([c, a, b]) => ({ text: `select(${b?.text}, ${a?.text}, ${c?.text})`, level: 6 }),
  bitcast: ([x], { type }) => ({ text: `bitcast<${type}>(${x?.text})`, level: 6 }),
  convert: ([x], { type }) => ({ text: `${type}(${x?.text})`, level: 6 }),
} satisfies Record<Operation, Spelling>;
