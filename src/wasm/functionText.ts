import { floatOf, type Operation, type ScalarFunction, type Value } from '../functions/index.ts';
import { statementsOf } from '../functions/statements.ts';
import type { WasmFunction } from './math.ts';
import { constant } from './mathPieces.ts';

/** A function as WebAssembly, over four floats at once. Its text is made when it is first asked for. */
export function wasmFunctionOf(f: ScalarFunction): WasmFunction {
  let made: WasmFunction | undefined;
  const whole = (): WasmFunction => {
    made ??= printed(f);
    return made;
  };
  return {
    get text() {
      return whole().text;
    },
    calls: [],
  };
}

function printed(f: ScalarFunction): WasmFunction {
  const { parameters, lets, result, nameOf } = statementsOf(f, repeatsOperands, []);
  const constants = new Map<string, { readonly name: string; readonly text: string }>();
  const constantOf = ({ type, bits }: Value & { kind: 'constant' }): string => {
    if (bits === 0) return ZEROS;
    const [shape, text] =
      type === 'f32' ? (['f32x4', floatText(bits)] as const) : (['i32x4', intText(type, bits)] as const);
    const known = constants.get(`${shape} ${text}`)?.name;
    const name = known ?? `${f.name}.c${constants.size}`;
    if (known === undefined) constants.set(`${shape} ${text}`, { name, text: constant(name, text, shape) });
    return `(global.get $${name})`;
  };
  const print = (value: Value): string => {
    const name = nameOf(value);
    return name === undefined ? spell(value) : `(local.get $${name})`;
  };
  const spell = (value: Value): string => {
    switch (value.kind) {
      case 'named':
        return print(value.of);
      case 'constant':
        return constantOf(value);
      case 'apply': {
        const { op, args } = value;
        const [, amount] = args;
        if ((op === 'shl' || op === 'shr') && amount?.kind === 'constant')
          return `(${shift(value)} ${args[0] === undefined ? '' : print(args[0])} (i32.const ${amount.bits & 31}))`;
        return spellings[op](args.map(print), value);
      }
      case 'parameter':
        throw new RangeError(`${f.name} has no parameter ${value.index}`);
      default:
        return value satisfies never;
    }
  };
  const body = lets.map(({ name, value }) => `  (local.set $${name} ${spell(value)})\n`);
  const last = print(result);
  const signature = parameters.map((name) => `(param $${name} v128) `).join('');
  const locals = lets.map(({ name }) => ` (local $${name} v128)`).join('');
  const comment = f.doc.split('\n').map((line) => `;; ${line}\n`);
  const globals = [...constants.values()].map(({ text }) => `${text}\n`);
  return {
    text: `${comment.join('')}${globals.join('')}(func $${f.name} ${signature}(result v128)\n${locals === '' ? '' : ` ${locals}\n`}${body.join('')}  ${last})`,
    calls: [],
  };
}

const ZEROS = '(v128.const i32x4 0 0 0 0)';

/** A float as WebAssembly's text spells it. */
function floatText(bits: number): string {
  const value = floatOf(bits);
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

/** An integer, and a truth value: all bits or none. */
function intText(type: 'i32' | 'u32' | 'bool', bits: number): string {
  return type === 'bool' ? '-1' : String(bits | 0);
}

type Applied = Value & { kind: 'apply' };
type Spelling = (args: readonly string[], value: Applied) => string;

/** What is spelled with an operand more than once. */
function repeatsOperands(value: Value): boolean {
  return (
    value.kind === 'apply' &&
    (value.op === 'mulHigh' ||
      ((value.op === 'shl' || value.op === 'shr') && value.args[1]?.kind !== 'constant'))
  );
}

const prefixOf = (value: Value | undefined): string => (value?.type === 'f32' ? 'f32x4' : 'i32x4');
const signOf = ({ args }: Applied): string => (args[0]?.type === 'i32' ? '_s' : '_u');

/** One instruction, by the type of the first operand. */
const plain =
  (name: string): Spelling =>
  (args, { args: [first] }) =>
    `(${prefixOf(first)}.${name} ${args.join(' ')})`;

const compare =
  (name: string): Spelling =>
  (args, value) =>
    `(${prefixOf(value.args[0])}.${name}${value.args[0]?.type === 'f32' ? '' : signOf(value)} ${args.join(' ')})`;

const bits =
  (name: string): Spelling =>
  (args) =>
    `(v128.${name} ${args.join(' ')})`;

const shift = (value: Applied): string => `i32x4.${value.op}${value.op === 'shl' ? '' : signOf(value)}`;

/** Each lane by an amount of its own: no instruction of vectors does. */
const shiftLanes: Spelling = ([x = '', amount = ''], value) =>
  [0, 1, 2, 3].reduce((shifted, lane) => {
    const [from, by] = [x, amount].map((of) => `(i32x4.extract_lane ${lane} ${of})`);
    const one = `(i32.${value.op}${value.op === 'shl' ? '' : signOf(value)} ${from} ${by})`;
    return `(i32x4.replace_lane ${lane} ${shifted} ${one})`;
  }, x);

const spellings = {
  add: plain('add'),
  sub: plain('sub'),
  mul: plain('mul'),
  div: plain('div'),
  neg: plain('neg'),
  abs: plain('abs'),
  sqrt: plain('sqrt'),
  floor: plain('floor'),
  round: plain('nearest'),
  and: bits('and'),
  or: bits('or'),
  xor: bits('xor'),
  not: bits('not'),
  shl: shiftLanes,
  shr: shiftLanes,
  // Products of 64 bits, two by two, and of these the odd words.
  mulHigh: (args, value) =>
    `(i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 ${['low', 'high']
      .map((half) => `(i64x2.extmul_${half}_i32x4${signOf(value)} ${args.join(' ')})`)
      .join(' ')})`,
  lt: compare('lt'),
  le: compare('le'),
  eq: plain('eq'),
  select: ([c = '', a = '', b = '']) => `(v128.bitselect ${a} ${b} ${c})`,
  bitcast: ([x = '']) => x,
  convert: ([x = ''], value) =>
    value.type === 'f32'
      ? `(f32x4.convert_i32x4${signOf(value)} ${x})`
      : `(i32x4.trunc_sat_f32x4${value.type === 'i32' ? '_s' : '_u'} ${x})`,
} satisfies Record<Operation, Spelling>;
