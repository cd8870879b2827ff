/**
 * What every compiled artifact says, whatever it was compiled for: plain data that survives JSON and needs
 * its runtime alone. A step runs the kernels of an entry in order; every kernel sees all of the step's fields,
 * the inputs, and the arenas of the plan of memory.
 */
export interface ProgramBase {
  readonly format: 1;
  /** The profile it was compiled for, `webgpu` or `wasm`. */
  readonly target: string;
  readonly name: string;
  readonly kernels: readonly KernelBase[];
  readonly entries: Readonly<Record<string, Entry>>;
  readonly buffers: BufferPlan;
  readonly state: readonly StateSlot[];
  readonly inputs: readonly InputSlot[];
  readonly params: readonly ParamSlot[];
  readonly sizes: readonly SizeSlot[];
  /**
   * The fields of the step block, each one 32-bit word: `step`, `result`, the live extents of sizes, the rows of sizes,
   * the bases of inputs, run-time scalars, each in the order of their slots.
   */
  readonly stepFields: readonly StepField[];
  readonly constants: readonly ConstantSlot[];
}

/** One kernel, whatever it was compiled for. */
export interface KernelBase {
  readonly name: string;
  readonly kind: string;
  /** Its text, in the target's language. */
  readonly code: string;
  /** Graph nodes that it computes, with source lines where known: `hidden = relu(%4)  at model.ts:9`. */
  readonly nodes: readonly string[];
  /** Floating-point operations of one dispatch, and bytes of the tensors that it reads and writes. */
  readonly flops: number;
  readonly bytes: number;
}

/**
 * A program for WebGPU.
 *
 * Every kernel of a program sees the same seven bindings of group 0, so that one bind group serves them all:
 *
 * | binding | name | type |
 * | --- | --- | --- |
 * | 0 | step | uniform, the step block, at a dynamic offset |
 * | 1 | data | storage, read: u32 words; row numbers and inputs |
 * | 2 | state | storage, read_write: f32 |
 * | 3 | temps | storage, read_write: f32 |
 * | 4 | words | storage, read_write: u32; state and temporaries that are not f32 |
 * | 5 | results | storage, read_write: u32; outputs of a step, `resultWords` for each step of a chunk |
 * | 6 | places | uniform, i32: where the tensors of this dispatch lie, at a dynamic offset |
 */
export interface Program extends ProgramBase {
  readonly kernels: readonly KernelText[];
  readonly places: Places;
}

/**
 * What dispatches tell kernels that serve several of them: elements of arenas at which tensors begin. What one kernel is told
 * starts at a multiple of 64 words, as dynamic offsets must, and has `most` at most.
 */
export interface Places {
  readonly words: readonly number[];
  /** Of 4 words at least. */
  readonly most: number;
}

/** One kernel as WGSL; the entry point is `main`. */
export interface KernelText extends KernelBase {
  readonly workgroup: number;
  /** Bytes of workgroup memory. */
  readonly sharedBytes: number;
  /** Names of the bindings that it uses. */
  readonly bindings: readonly string[];
}

/**
 * One dispatch: a kernel by its number, over `workgroups` (WebGPU: linear, folded to two dimensions when
 * recorded; WebAssembly: tasks, which threads take one by one).
 */
export interface Step {
  readonly kernel: number;
  readonly workgroups: number;
  /** Where they depend on what is alive; `workgroups` are those of the size's maximum then. */
  readonly live?: StepGrid;
  /** On WebGPU, the byte of the program's `places` at which those of its kernel start; absent where it is told nothing. */
  readonly places?: number;
}

/**
 * Workgroups of a step by a live extent n, which stands in the step field of this number: each part makes
 * `⌈n · times / per⌉` of it, one after the other; `from` more come before.
 */
export interface StepGrid {
  readonly field: number;
  readonly from: number;
  readonly parts: readonly (readonly [times: number, per: number])[];
}

export interface Entry {
  readonly steps: readonly Step[];
  readonly outputs: readonly OutputSlot[];
  /** Inputs by name that the entry reads. */
  readonly inputs: readonly string[];
  /** Words that one step's outputs take in `results`. */
  readonly resultWords: number;
}

/** An output: `shape` counts bounded dimensions at their maximum; `sizes[d]` names the size of dimension d. */
export interface OutputSlot {
  readonly name: string;
  readonly dtype: ValueType;
  readonly shape: readonly number[];
  /** For each dimension null, or the bounded size that cuts it: the first `factor * live` are meant. */
  readonly live: readonly (LiveDim | null)[];
  /** Word in the step's part of `results`. */
  readonly offset: number;
}

export interface LiveDim {
  readonly size: string;
  readonly factor: number;
}

export type ValueType = 'f32' | 'i32' | 'u32' | 'bool' | 'u8';

/** Bytes of the four arenas (multiples of 4), and what the plan is measured by. */
export interface BufferPlan {
  readonly state: number;
  readonly temps: number;
  readonly words: number;
  /** Results of one step, the most of any entry. */
  readonly results: number;
  /**
   * What persists, temporaries and results, and on WebAssembly packed operands: everything but datasets and the
   * scratch of threads.
   */
  readonly peakBytes: number;
  /** What persists, plus the largest sum of bytes live at one dispatch, the most of any entry, plus packed operands. */
  readonly lowerBoundBytes: number;
}

/** A state: where it lies (in elements of its arena) and its first value. */
export interface StateSlot {
  readonly name: string;
  readonly dtype: 'f32' | 'i32' | 'u32' | 'bool';
  readonly shape: readonly number[];
  readonly arena: 'state' | 'words';
  readonly offset: number;
  readonly init: Init;
  /** Whether it is the kernel of a layer, which files of others hold in another order of axes; absent where nobody said. */
  readonly kernel?: Kernel;
}

/** What a state is to its layer: a dense kernel is `[in, out]` here, that of a convolution `[out, in, ...window]`. */
export type Kernel = 'dense' | 'convolution' | 'none';

/** A first value in a program: as it was declared, or values that lie beside the program, since they are many. */
export type Init = DeclaredInit | { readonly kind: 'given' };

/**
 * A first value, drawn on the host in float64 by formulas of our own, the same everywhere.
 * `stream` numbers the draw, so that two equal states differ. `values` holds the elements' 32-bit words in
 * base64, little-endian.
 */
export type DeclaredInit =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number; readonly stream: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly deviation: number; readonly stream: number }
  | { readonly kind: 'values'; readonly words: string };

/** An input. With `size`, its first dimension is that bounded size, and it is read through row numbers. */
export interface InputSlot {
  readonly name: string;
  readonly dtype: ValueType;
  /** Extents, the first one at its maximum where `size` is there. */
  readonly shape: readonly number[];
  readonly size?: string;
  /** Step field that holds the word where it starts in `data`. */
  readonly base: string;
  /** Values that the program may be given: `low <= value < high`, where it uses them as indices or labels. */
  readonly range?: readonly [low: number, high: number];
}

/** A run-time scalar: the step field of the same name, and its value until a caller gives another. */
export interface ParamSlot {
  readonly name: string;
  readonly field: string;
  readonly dtype: 'f32' | 'i32' | 'u32';
  readonly initial: number;
}

/**
 * A bounded size: the step field of its live extent, and, where inputs are read by row, the field that holds
 * the word in `data` where the step's row numbers start.
 */
export interface SizeSlot {
  readonly name: string;
  readonly max: number;
  readonly live: string;
  readonly rows?: string;
}

/** `step` (i32, counts from 1) and `result` (u32, first word of the step's results) are always there. */
export interface StepField {
  readonly name: string;
  readonly dtype: 'f32' | 'i32' | 'u32';
}

/** A given array, as 32-bit words in base64 (little-endian), at an element offset of its arena. */
export interface ConstantSlot {
  readonly arena: 'state' | 'words';
  readonly offset: number;
  readonly words: string;
}
