/**
 * Identifiers from names of any characters: readable, unique, the same from run to run, never a word of the
 * target. A class, for its lifetime is that of one text: what was given out stays taken.
 */
export class Names {
  readonly #taken: Set<string>;
  readonly #known = new Map<string, string>();
  /** Of each identifier that was wished for, the number from which on there may be a free one. */
  readonly #next = new Map<string, number>();

  /** @param taken identifiers that the text uses itself */
  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set(taken);
  }

  /** The identifier of `name`: made at the first call, the same at later ones. */
  of(name: string, wish: string = name): string {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const made = this.fresh(wish);
    this.#known.set(name, made);
    return made;
  }

  /** An identifier like `wish` that nothing else has. */
  fresh(wish: string): string {
    const base = identifier(wish);
    let made = base;
    if (this.#taken.has(made)) {
      let n = this.#next.get(base) ?? 2;
      do made = `${base}_${n++}`;
      while (this.#taken.has(made));
      this.#next.set(base, n);
    }
    this.#taken.add(made);
    return made;
  }
}

/**
 * A valid identifier that reads like `name`: letters without their accents, runs of anything else as one
 * underscore, at most 48 characters. Different names may give the same one: see `Names`.
 */
export function identifier(name: string): string {
  const plain = PLAIN.test(name) ? name : plainOf(name);
  if (plain === '') return 'v';
  if (/^[0-9]/.test(plain)) return `v${plain}`;
  return reservedWords.has(plain) ? `${plain}_` : plain;
}

/** Names that are identifiers as they stand, as most are. */
const PLAIN = /^[A-Za-z](?:(?:[A-Za-z0-9]|_(?!_)){0,46}[A-Za-z0-9])?$/;

function plainOf(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+/, '')
    .slice(0, 48)
    .replace(/_+$/, '');
}

/**
 * `text` as it can stand in a line comment of any target: nothing that ends a line, no control or
 * direction-changing characters, at most 160 characters.
 */
export function commentText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, 160)
    .trimEnd();
}

/** Step field of a size's live extent (i32). */
export const liveField = (size: string): string => `live:${size}`;
/** Step field of a run-time scalar; `step` is a field of its own. */
export const paramField = (param: string): string => (param === 'step' ? 'step' : `param:${param}`);
/** Step field of the word in `data` where an input starts (u32). */
export const baseField = (input: string): string => `base:${input}`;
/** Step field of the word in `data` where the row numbers of a size start (u32). */
export const rowsField = (size: string): string => `rows:${size}`;

/** How a step field is called in a kernel's text, as far as it is free: `live:batch` is `batch_live`. */
export function fieldWish(field: string): string {
  const colon = field.indexOf(':');
  if (colon < 0) return field;
  const [kind, name] = [field.slice(0, colon), field.slice(colon + 1)];
  return kind === 'param' ? name : `${name}_${kind}`;
}

/** Words of WGSL (keywords and reserved words, W3C 2024 §15) and names of its types and functions. */
const reservedWords: ReadonlySet<string> = new Set(
  `alias break case const const_assert continue continuing default diagnostic discard else enable false fn for
  if let loop override requires return struct switch true var while
  NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become cast catch
  class co_await co_return co_yield coherent column_major common compile compile_fragment concept const_cast
  consteval constexpr constinit crate debugger decltype delete demote demote_to_helper do dynamic_cast enum
  explicit export extends extern external fallthrough filter final finally friend from fxgroup get goto
  groupshared highp impl implements import inline instanceof interface layout lowp macro macro_rules match
  mediump meta mod module move mut mutable namespace new nil noexcept noinline nointerpolation non_coherent
  noncoherent noperspective null nullptr of operator package packoffset partial pass patch pixelfragment precise
  precision premerge priv protected pub public readonly ref regardless register reinterpret_cast require
  resource restrict self set shared sizeof smooth snorm static static_assert static_cast std subroutine super
  target template this thread_local throw trait try type typedef typeid typename typeof union unless unorm
  unsafe unsized use using varying virtual volatile wgsl where with writeonly yield
  array atomic bool f16 f32 i32 mat2x2 mat2x3 mat2x4 mat3x2 mat3x3 mat3x4 mat4x2 mat4x3 mat4x4 ptr sampler
  sampler_comparison u32 vec2 vec3 vec4 vec2f vec3f vec4f vec2i vec3i vec4i vec2u vec3u vec4u vec2h vec3h vec4h
  function private workgroup uniform storage read write read_write
  abs acos acosh all any arrayLength asin asinh atan atan2 atanh bitcast ceil clamp cos cosh countLeadingZeros
  countOneBits countTrailingZeros cross degrees determinant distance dot dpdx dpdy exp exp2 extractBits
  faceForward firstLeadingBit firstTrailingBit floor fma fract frexp fwidth insertBits inverseSqrt ldexp length
  log log2 max min mix modf normalize pow quantizeToF16 radians reflect refract reverseBits round saturate select
  sign sin sinh smoothstep sqrt storageBarrier subgroupAdd tan tanh transpose trunc workgroupBarrier
  workgroupUniformLoad`.split(/\s+/),
);
