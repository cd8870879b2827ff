import { type ScalarFunctionName, scalarFunctionNames } from '../functions/index.ts';
import type { Dtype, ScalarOp } from '../loops/index.ts';
import { floored, shifted } from './integers.ts';
import type { FunctionName, MathName } from './math.ts';

/** The types of WebAssembly values that kernels compute with. */
export type WasmType = 'i32' | 'f32' | 'v128';

/** How many elements a value holds: one, or four in a vector. */
export type Lanes = 1 | 4;

/**
 * How a scalar operation is spelled, for one element and for four. Operands and result are texts of folded
 * WebAssembly. Truth values are 0 and 1 as scalars, and all bits of a lane as vectors.
 *
 * `dtype` is the type of the first operand (of the second for `select`).
 */
export interface Spelling {
  readonly scalar: (args: readonly string[], dtype: Dtype, to: Dtype) => string;
  /** Null where there are no such instructions: each lane is then computed by itself. */
  readonly vector: (args: readonly string[], dtype: Dtype, to: Dtype) => string | null;
  /** The function of the module that it calls for floats, or for words, if it calls one. */
  readonly calls?: FunctionName;
  readonly callsFor?: 'u32';
}

const scalarPrefix = (dtype: Dtype): string => (dtype === 'f32' ? 'f32' : 'i32');
const vectorPrefix = (dtype: Dtype): string => (dtype === 'f32' ? 'f32x4' : 'i32x4');
const folded = (name: string, args: readonly string[]): string => `(${name} ${args.join(' ')})`;

/** An instruction that both have under one name. */
function both(name: string): Spelling {
  return {
    scalar: (args, dtype) => folded(`${scalarPrefix(dtype)}.${name}`, args),
    vector: (args, dtype) => folded(`${vectorPrefix(dtype)}.${name}`, args),
  };
}

/** A comparison: integers say whether they are signed. */
function compare(name: string, signed: boolean): Spelling {
  const suffix = (dtype: Dtype): string => (dtype === 'f32' || !signed ? '' : dtype === 'i32' ? '_s' : '_u');
  return {
    scalar: (args, dtype) => folded(`${scalarPrefix(dtype)}.${name}${suffix(dtype)}`, args),
    vector: (args, dtype) => folded(`${vectorPrefix(dtype)}.${name}${suffix(dtype)}`, args),
  };
}

/** The smaller or larger: floats keep a NaN. */
function extremum(name: 'min' | 'max'): Spelling {
  const suffix = (dtype: Dtype): string => (dtype === 'i32' ? '_s' : '_u');
  return {
    scalar: ([x = '', y = ''], dtype) =>
      dtype === 'f32'
        ? `(f32.${name} ${x} ${y})`
        : `(select ${x} ${y} (i32.${name === 'min' ? 'lt' : 'gt'}${suffix(dtype)} ${x} ${y}))`,
    vector: (args, dtype) =>
      folded(dtype === 'f32' ? `f32x4.${name}` : `i32x4.${name}${suffix(dtype)}`, args),
  };
}

/** A function of vectors, of which a scalar takes one lane: what both give is the same. */
function call(name: MathName): Spelling {
  return {
    vector: (args) => folded(`call $${name}`, args),
    scalar: (args) => {
      const lanes = args.map((arg) => folded('f32x4.splat', [arg]));
      return firstLane(folded(`call $${name}`, lanes), 'f32');
    },
    calls: name,
  };
}

/** A float instruction that both have. */
function float(name: string): Spelling {
  return {
    scalar: (args) => folded(`f32.${name}`, args),
    vector: (args) => folded(`f32x4.${name}`, args),
  };
}

/** What has no instruction for four numbers. */
function byLane(spelled: (x: string, y: string, dtype: Dtype) => string): Spelling {
  return { scalar: ([x = '', y = ''], dtype) => spelled(x, y, dtype), vector: () => null };
}

/** Instructions on bits, the same for masks and for 0 and 1. */
function bits(name: string): Spelling {
  return {
    scalar: (args) => folded(`i32.${name}`, args),
    vector: (args) => folded(`v128.${name}`, args),
  };
}

const splatInt = (text: string): string => `(i32x4.splat ${text})`;
const firstLane = (text: string, type: 'f32' | 'i32'): string => `(${type}x4.extract_lane 0 ${text})`;
const zero = (dtype: Dtype): string => (dtype === 'f32' ? '(f32.const 0)' : '(i32.const 0)');
const ZEROS = '(v128.const i32x4 0 0 0 0)';

/** Those that are defined once for every target. */
const functionSpellings = Object.fromEntries(scalarFunctionNames.map((name) => [name, call(name)])) as Record<
  ScalarFunctionName,
  Spelling
>;

/** The spelling of every scalar operation. */
export const spellings = {
  add: both('add'),
  sub: both('sub'),
  mul: both('mul'),
  div: float('div'),
  idiv: byLane(floored.idiv),
  mod: byLane(floored.mod),
  bitAnd: bits('and'),
  bitOr: bits('or'),
  bitXor: bits('xor'),
  bitNot: {
    scalar: ([x = '']) => `(i32.xor ${x} (i32.const -1))`,
    vector: ([x = '']) => `(v128.not ${x})`,
  },
  shiftLeft: byLane(shifted.shiftLeft),
  shiftRight: byLane(shifted.shiftRight),
  threefry: {
    scalar: (args) => firstLane(folded('call $threefry', args.map(splatInt)), 'i32'),
    vector: (args) => folded('call $threefry', args),
    calls: 'threefry',
    callsFor: 'u32',
  },
  min: extremum('min'),
  max: extremum('max'),
  neg: {
    scalar: ([x = ''], dtype) => (dtype === 'f32' ? `(f32.neg ${x})` : `(i32.sub (i32.const 0) ${x})`),
    vector: (args, dtype) => folded(`${vectorPrefix(dtype)}.neg`, args),
  },
  abs: {
    scalar: ([x = ''], dtype) =>
      dtype === 'f32'
        ? `(f32.abs ${x})`
        : dtype === 'i32'
          ? firstLane(`(i32x4.abs ${splatInt(x)})`, 'i32')
          : x,
    vector: ([x = ''], dtype) => (dtype === 'u32' ? x : `(${vectorPrefix(dtype)}.abs ${x})`),
  },
  sign: {
    scalar: ([x = ''], dtype) => {
      if (dtype === 'f32') return firstLane(`(call $sign (f32x4.splat ${x}))`, 'f32');
      const positive = `(i32.gt_${dtype === 'i32' ? 's' : 'u'} ${x} (i32.const 0))`;
      return dtype === 'u32' ? positive : `(i32.sub ${positive} (i32.lt_s ${x} (i32.const 0)))`;
    },
    // A mask is -1: what is negative minus what is positive.
    vector: ([x = ''], dtype) => {
      if (dtype === 'f32') return `(call $sign ${x})`;
      if (dtype === 'u32') return `(i32x4.neg (i32x4.gt_u ${x} ${ZEROS}))`;
      return `(i32x4.sub (i32x4.lt_s ${x} ${ZEROS}) (i32x4.gt_s ${x} ${ZEROS}))`;
    },
    calls: 'sign',
  },
  floor: float('floor'),
  ceil: float('ceil'),
  trunc: float('trunc'),
  round: float('nearest'),
  exp: call('exp'),
  log: call('log'),
  log1p: call('log1p'),
  expm1: call('expm1'),
  sqrt: float('sqrt'),
  tanh: call('tanh'),
  sigmoid: call('sigmoid'),
  erf: call('erf'),
  ...functionSpellings,
  relu: {
    scalar: ([x = ''], dtype) =>
      dtype === 'f32'
        ? `(select ${zero(dtype)} ${x} (f32.lt ${x} ${zero(dtype)}))`
        : dtype === 'i32'
          ? firstLane(`(i32x4.max_s ${splatInt(x)} ${ZEROS})`, 'i32')
          : x,
    // Where x < 0 all bits are cleared; a NaN is not less.
    vector: ([x = ''], dtype) =>
      dtype === 'f32'
        ? `(v128.andnot ${x} (f32x4.lt ${x} ${ZEROS}))`
        : dtype === 'i32'
          ? `(i32x4.max_s ${x} ${ZEROS})`
          : x,
  },
  lt: compare('lt', true),
  le: compare('le', true),
  eq: compare('eq', false),
  ne: compare('ne', false),
  and: bits('and'),
  or: bits('or'),
  not: {
    scalar: ([x = '']) => `(i32.eqz ${x})`,
    vector: ([x = '']) => `(v128.not ${x})`,
  },
  isNan: {
    scalar: ([x = '']) => `(f32.ne ${x} ${x})`,
    vector: ([x = '']) => `(f32x4.ne ${x} ${x})`,
  },
  select: {
    scalar: ([c = '', x = '', y = '']) => `(select ${x} ${y} ${c})`,
    vector: ([c = '', x = '', y = '']) => `(v128.bitselect ${x} ${y} ${c})`,
  },
  listed: {
    scalar: ([c = '']) => c,
    vector: ([c = '']) => c,
  },
  cast: {
    scalar: ([x = ''], from, to) => castScalar(x, from, to),
    vector: ([x = ''], from, to) => castVector(x, from, to),
  },
} satisfies Record<ScalarOp, Spelling>;

/** Operands that a spelling writes more than once: they are named first. */
export const repeats: ReadonlySet<ScalarOp> = new Set<ScalarOp>([
  'idiv',
  'mod',
  'shiftLeft',
  'shiftRight',
  'min',
  'max',
  'sign',
  'relu',
  'isNan',
]);

/** To an integer towards zero and saturating (NaN gives 0), to a truth value by x ≠ 0. */
function castScalar(x: string, from: Dtype, to: Dtype): string {
  if (to === 'bool') return from === 'f32' ? `(f32.ne ${x} (f32.const 0))` : `(i32.ne ${x} (i32.const 0))`;
  if (to === 'f32') return `(f32.convert_i32_${from === 'i32' ? 's' : 'u'} ${x})`;
  if (from === 'f32') return `(i32.trunc_sat_f32_${to === 'i32' ? 's' : 'u'} ${x})`;
  if (from === 'i32' && to === 'u32') return firstLane(`(i32x4.max_s ${splatInt(x)} ${ZEROS})`, 'i32');
  if (from === 'u32' && to === 'i32')
    return firstLane(
      `(i32x4.min_u ${splatInt(x)} (v128.const i32x4 0x7fffffff 0x7fffffff 0x7fffffff 0x7fffffff))`,
      'i32',
    );
  return x;
}

function castVector(x: string, from: Dtype, to: Dtype): string {
  if (to === 'bool') return from === 'bool' ? x : `(${vectorPrefix(from)}.ne ${x} ${ZEROS})`;
  const number = from === 'bool' ? `(v128.and ${x} (v128.const i32x4 1 1 1 1))` : x;
  if (to === 'f32') return `(f32x4.convert_i32x4_${from === 'i32' ? 's' : 'u'} ${number})`;
  if (from === 'f32') return `(i32x4.trunc_sat_f32x4_${to === 'i32' ? 's' : 'u'} ${x})`;
  if (from === 'i32' && to === 'u32') return `(i32x4.max_s ${x} ${ZEROS})`;
  if (from === 'u32' && to === 'i32')
    return `(i32x4.min_u ${x} (v128.const i32x4 0x7fffffff 0x7fffffff 0x7fffffff 0x7fffffff))`;
  return number;
}

/** The type of a value that holds so many elements of a type. */
export function wasmType(dtype: Dtype, lanes: Lanes): WasmType {
  return lanes === 4 ? 'v128' : dtype === 'f32' ? 'f32' : 'i32';
}
