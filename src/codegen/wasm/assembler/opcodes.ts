/** What an instruction takes besides its operands. */
export type Immediate =
  | 'nothing'
  | 'local'
  | 'global'
  | 'function'
  | 'label'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'v128'
  | 'lane'
  | 'lanes'
  | 'memory'
  | 'memory lane'
  /** The number of the memory, which is 0: one byte, or one for where from and one for where to. */
  | 'zero'
  | 'two zeros';

/** An instruction as it is encoded. */
export interface Opcode {
  readonly bytes: readonly number[];
  readonly takes: Immediate;
  /** The alignment of what it loads or stores, as a power of two. */
  readonly alignment: number;
}

/** Neighbours in the table of the specification, from a number on: they take the same. */
type Row = readonly [prefix: Prefix, first: number, names: string, takes?: Immediate, alignment?: number];
type Prefix = 'one' | keyof typeof prefixes;

/** The first byte of instructions whose number follows in bytes of its own. */
const prefixes = { bulk: 0xfc, vector: 0xfd, atomic: 0xfe } as const;

/** https://webassembly.github.io/spec/core/appendix/index-instructions.html, as far as kernels may need it. */
const rows: readonly Row[] = [
  ['one', 0x00, 'unreachable nop'],
  ['one', 0x0c, 'br br_if', 'label'],
  ['one', 0x0f, 'return'],
  ['one', 0x10, 'call', 'function'],
  ['one', 0x1a, 'drop select'],
  ['one', 0x20, 'local.get local.set local.tee', 'local'],
  ['one', 0x23, 'global.get global.set', 'global'],
  ['one', 0x28, 'i32.load', 'memory', 2],
  ['one', 0x2a, 'f32.load', 'memory', 2],
  ['one', 0x2b, 'f64.load', 'memory', 3],
  ['one', 0x2c, 'i32.load8_s i32.load8_u', 'memory', 0],
  ['one', 0x2e, 'i32.load16_s i32.load16_u', 'memory', 1],
  ['one', 0x36, 'i32.store', 'memory', 2],
  ['one', 0x38, 'f32.store', 'memory', 2],
  ['one', 0x39, 'f64.store', 'memory', 3],
  ['one', 0x3a, 'i32.store8', 'memory', 0],
  ['one', 0x3b, 'i32.store16', 'memory', 1],
  ['one', 0x41, 'i32.const', 'i32'],
  ['one', 0x42, 'i64.const', 'i64'],
  ['one', 0x43, 'f32.const', 'f32'],
  ['one', 0x44, 'f64.const', 'f64'],
  [
    'one',
    0x45,
    'i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u',
  ],
  ['one', 0x5b, 'f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge'],
  ['one', 0x67, 'i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u'],
  ['one', 0x71, 'i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr'],
  ['one', 0x8b, 'f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt'],
  ['one', 0x92, 'f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign'],
  ['one', 0x99, 'f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt'],
  ['one', 0xa0, 'f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign'],
  ['one', 0xa8, 'i32.trunc_f32_s i32.trunc_f32_u'],
  ['one', 0xb2, 'f32.convert_i32_s f32.convert_i32_u'],
  ['one', 0xb6, 'f32.demote_f64 f64.convert_i32_s f64.convert_i32_u'],
  ['one', 0xbb, 'f64.promote_f32 i32.reinterpret_f32'],
  ['one', 0xbe, 'f32.reinterpret_i32'],
  ['bulk', 0x00, 'i32.trunc_sat_f32_s i32.trunc_sat_f32_u'],
  ['bulk', 0x0a, 'memory.copy', 'two zeros'],
  ['bulk', 0x0b, 'memory.fill', 'zero'],
  ['vector', 0x00, 'v128.load', 'memory', 4],
  ['vector', 0x07, 'v128.load8_splat', 'memory', 0],
  ['vector', 0x08, 'v128.load16_splat', 'memory', 1],
  ['vector', 0x09, 'v128.load32_splat', 'memory', 2],
  ['vector', 0x0a, 'v128.load64_splat', 'memory', 3],
  ['vector', 0x0b, 'v128.store', 'memory', 4],
  ['vector', 0x0c, 'v128.const', 'v128'],
  ['vector', 0x0d, 'i8x16.shuffle', 'lanes'],
  ['vector', 0x0e, 'i8x16.swizzle i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat'],
  ['vector', 0x1b, 'i32x4.extract_lane i32x4.replace_lane', 'lane'],
  ['vector', 0x1f, 'f32x4.extract_lane f32x4.replace_lane', 'lane'],
  ['vector', 0x37, 'i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u i32x4.gt_s i32x4.gt_u'],
  ['vector', 0x3d, 'i32x4.le_s i32x4.le_u i32x4.ge_s i32x4.ge_u'],
  ['vector', 0x41, 'f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le f32x4.ge'],
  ['vector', 0x4d, 'v128.not v128.and v128.andnot v128.or v128.xor v128.bitselect v128.any_true'],
  ['vector', 0x54, 'v128.load8_lane', 'memory lane', 0],
  ['vector', 0x55, 'v128.load16_lane', 'memory lane', 1],
  ['vector', 0x56, 'v128.load32_lane', 'memory lane', 2],
  ['vector', 0x57, 'v128.load64_lane', 'memory lane', 3],
  ['vector', 0x58, 'v128.store8_lane', 'memory lane', 0],
  ['vector', 0x59, 'v128.store16_lane', 'memory lane', 1],
  ['vector', 0x5a, 'v128.store32_lane', 'memory lane', 2],
  ['vector', 0x5b, 'v128.store64_lane', 'memory lane', 3],
  ['vector', 0x5c, 'v128.load32_zero', 'memory', 2],
  ['vector', 0x5d, 'v128.load64_zero', 'memory', 3],
  ['vector', 0x67, 'f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest'],
  ['vector', 0x87, 'i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s'],
  ['vector', 0x89, 'i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u'],
  ['vector', 0xa0, 'i32x4.abs i32x4.neg'],
  ['vector', 0xa3, 'i32x4.all_true i32x4.bitmask'],
  ['vector', 0xa7, 'i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s'],
  ['vector', 0xa9, 'i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u'],
  ['vector', 0xab, 'i32x4.shl i32x4.shr_s i32x4.shr_u i32x4.add'],
  ['vector', 0xb1, 'i32x4.sub'],
  ['vector', 0xb5, 'i32x4.mul i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u i32x4.dot_i16x8_s'],
  ['vector', 0xe0, 'f32x4.abs f32x4.neg'],
  ['vector', 0xe3, 'f32x4.sqrt f32x4.add f32x4.sub f32x4.mul f32x4.div'],
  ['vector', 0xe8, 'f32x4.min f32x4.max f32x4.pmin f32x4.pmax'],
  ['vector', 0xf8, 'i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u'],
  ['vector', 0xfa, 'f32x4.convert_i32x4_s f32x4.convert_i32x4_u'],
  ['vector', 0x105, 'f32x4.relaxed_madd f32x4.relaxed_nmadd'],
  ['vector', 0x10d, 'f32x4.relaxed_min f32x4.relaxed_max'],
  ['atomic', 0x00, 'memory.atomic.notify memory.atomic.wait32', 'memory', 2],
  ['atomic', 0x03, 'atomic.fence', 'zero'],
  ['atomic', 0x10, 'i32.atomic.load', 'memory', 2],
  ['atomic', 0x17, 'i32.atomic.store', 'memory', 2],
  ['atomic', 0x1e, 'i32.atomic.rmw.add', 'memory', 2],
  ['atomic', 0x25, 'i32.atomic.rmw.sub', 'memory', 2],
  ['atomic', 0x2c, 'i32.atomic.rmw.and', 'memory', 2],
  ['atomic', 0x33, 'i32.atomic.rmw.or', 'memory', 2],
  ['atomic', 0x3a, 'i32.atomic.rmw.xor', 'memory', 2],
  ['atomic', 0x41, 'i32.atomic.rmw.xchg', 'memory', 2],
  ['atomic', 0x48, 'i32.atomic.rmw.cmpxchg', 'memory', 2],
];

/** Instructions by name; blocks, loops and conditions, which have a form of their own, are none of them. */
export const opcodes: ReadonlyMap<string, Opcode> = new Map(
  rows.flatMap(([prefix, first, names, takes = 'nothing', alignment = 0]) =>
    names.split(' ').map((name, k): [string, Opcode] => {
      const number = first + k;
      const bytes = prefix === 'one' ? [number] : [prefixes[prefix], ...leb(number)];
      return [name, { bytes, takes, alignment }];
    }),
  ),
);

/** A number in seven bits a byte, the lowest first. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}
