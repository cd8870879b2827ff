/** What an instruction takes besides its operands, in the text and after its opcode. */
export type Takes =
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
  | 'memory'
  | 'lane'
  | 'memory lane'
  | 'shuffle'
  | 'two memories'
  | 'type'
  | 'block';

/** How an instruction is encoded. */
export interface Instruction {
  /** Its opcode's first byte, where it has two. */
  readonly prefix: number | null;
  readonly opcode: number;
  readonly takes: Takes;
  /** The power of two that addresses are multiples of by nature, where it reaches memory. */
  readonly alignment: number;
}

const VECTOR = 0xfd;
const ATOMIC = 0xfe;

/**
 * Instructions by their names, of WebAssembly 2.0 with threads and relaxed vectors: those of 32-bit numbers and of vectors of four,
 * and what else kernels use.
 */
export const instructions: ReadonlyMap<string, Instruction> = tableOf([
  [null, 0x00, 'nothing', 'unreachable nop'],
  [null, 0x02, 'block', 'block loop if'],
  [null, 0x0c, 'label', 'br br_if'],
  [null, 0x0f, 'nothing', 'return'],
  [null, 0x10, 'function', 'call'],
  [null, 0x1a, 'nothing', 'drop'],
  [null, 0x1b, 'type', 'select'],
  [null, 0x20, 'local', 'local.get local.set local.tee'],
  [null, 0x23, 'global', 'global.get global.set'],
  [
    null,
    0x28,
    'memory',
    'i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u',
  ],
  [null, 0x36, 'memory', 'i32.store i64.store f32.store f64.store i32.store8 i32.store16'],
  [null, 0x41, 'i32', 'i32.const'],
  [null, 0x42, 'i64', 'i64.const'],
  [null, 0x43, 'f32', 'f32.const'],
  [null, 0x44, 'f64', 'f64.const'],
  [null, 0x45, 'nothing', names('i32', 'eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u')],
  [null, 0x5b, 'nothing', names('f32', 'eq ne lt gt le ge')],
  [null, 0x67, 'nothing', names('i32', 'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor')],
  [null, 0x74, 'nothing', names('i32', 'shl shr_s shr_u rotl rotr')],
  [
    null,
    0x8b,
    'nothing',
    names('f32', 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign'),
  ],
  [null, 0xa0, 'nothing', names('f64', 'add sub mul div')],
  [null, 0xa8, 'nothing', 'i32.trunc_f32_s i32.trunc_f32_u'],
  [null, 0xb2, 'nothing', 'f32.convert_i32_s f32.convert_i32_u'],
  [null, 0xbc, 'nothing', 'i32.reinterpret_f32'],
  [null, 0xbe, 'nothing', 'f32.reinterpret_i32'],
  [0xfc, 0x00, 'nothing', 'i32.trunc_sat_f32_s i32.trunc_sat_f32_u'],
  [0xfc, 0x0a, 'two memories', 'memory.copy'],
  [VECTOR, 0x00, 'memory', 'v128.load'],
  [
    VECTOR,
    0x07,
    'memory',
    'v128.load8_splat v128.load16_splat v128.load32_splat v128.load64_splat v128.store',
  ],
  [VECTOR, 0x0c, 'v128', 'v128.const'],
  [VECTOR, 0x0d, 'shuffle', 'i8x16.shuffle'],
  [VECTOR, 0x0e, 'nothing', 'i8x16.swizzle i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat'],
  [VECTOR, 0x1b, 'lane', names('i32x4', 'extract_lane replace_lane')],
  [VECTOR, 0x1f, 'lane', names('f32x4', 'extract_lane replace_lane')],
  [VECTOR, 0x37, 'nothing', names('i32x4', 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u')],
  [VECTOR, 0x41, 'nothing', names('f32x4', 'eq ne lt gt le ge')],
  [VECTOR, 0x4d, 'nothing', names('v128', 'not and andnot or xor bitselect any_true')],
  [VECTOR, 0x54, 'memory lane', names('v128', 'load8_lane load16_lane load32_lane load64_lane')],
  [VECTOR, 0x58, 'memory lane', names('v128', 'store8_lane store16_lane store32_lane store64_lane')],
  [VECTOR, 0x5c, 'memory', 'v128.load32_zero v128.load64_zero'],
  [VECTOR, 0x67, 'nothing', names('f32x4', 'ceil floor trunc nearest')],
  [VECTOR, 0x87, 'nothing', 'i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s'],
  [VECTOR, 0x89, 'nothing', 'i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u'],
  [VECTOR, 0xa0, 'nothing', names('i32x4', 'abs neg')],
  [VECTOR, 0xa3, 'nothing', names('i32x4', 'all_true bitmask')],
  [VECTOR, 0xa7, 'nothing', 'i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s'],
  [VECTOR, 0xa9, 'nothing', 'i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u'],
  [VECTOR, 0xab, 'nothing', names('i32x4', 'shl shr_s shr_u add')],
  [VECTOR, 0xb1, 'nothing', 'i32x4.sub'],
  [VECTOR, 0xb5, 'nothing', names('i32x4', 'mul min_s min_u max_s max_u')],
  [VECTOR, 0xe0, 'nothing', names('f32x4', 'abs neg')],
  [VECTOR, 0xe3, 'nothing', names('f32x4', 'sqrt add sub mul div min max pmin pmax')],
  [VECTOR, 0xf8, 'nothing', 'i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u'],
  [VECTOR, 0xfa, 'nothing', 'f32x4.convert_i32x4_s f32x4.convert_i32x4_u'],
  [VECTOR, 0x105, 'nothing', names('f32x4', 'relaxed_madd relaxed_nmadd')],
  [ATOMIC, 0x00, 'memory', 'memory.atomic.notify memory.atomic.wait32'],
  [ATOMIC, 0x10, 'memory', 'i32.atomic.load'],
  [ATOMIC, 0x17, 'memory', 'i32.atomic.store'],
  [ATOMIC, 0x1e, 'memory', 'i32.atomic.rmw.add'],
]);

function names(prefix: string, own: string): string {
  return own
    .split(' ')
    .map((name) => `${prefix}.${name}`)
    .join(' ');
}

/** A table of rows whose instructions have opcodes that follow one another. */
function tableOf(
  rows: readonly (readonly [prefix: number | null, first: number, takes: Takes, names: string])[],
): ReadonlyMap<string, Instruction> {
  return new Map(
    rows.flatMap(([prefix, first, takes, own]) =>
      own
        .split(' ')
        .map(
          (name, k) => [name, { prefix, opcode: first + k, takes, alignment: alignmentOf(name) }] as const,
        ),
    ),
  );
}

/** By the bytes that a name says: `v128.load32_splat` reaches four, `v128.load` sixteen. */
function alignmentOf(name: string): number {
  const bits = /(?:load|store|wait)(\d+)/.exec(name)?.[1] ?? /^[ifv](\d+)/.exec(name)?.[1] ?? '32';
  return Math.log2(Number(bits) / 8);
}
