/**
 * What fusion, schedules and printers know of a target: data, so that a program can be compiled for a
 * machine that is not there.
 */
export interface Profile {
  readonly name: string;
  /** Invocations of every workgroup (packed kernels share one size). */
  readonly workgroup: number;
  /** Bytes of workgroup memory. */
  readonly workgroupMemory: number;
  /** Bytes of an invocation's own arrays. */
  readonly privateMemory: number;
  /**
   * Whether workgroups cooperate through memory and barriers; otherwise an invocation computes alone
   * (software drivers run barriers as fibers, ten to twenty times slower), but for long prologues.
   */
  readonly cooperative: boolean;
  /** Workgroups that the machine runs at once: grids smaller than this leave it idle. */
  readonly parallelWorkgroups: number;
  /** Bytes that the machine moves through its cache in the time of one dependent dispatch. */
  readonly bytesPerDispatch: number;
  /** Additions that may be repeated for an element that is cheap to compute, rather than store it: a dispatch saved. */
  readonly mostRepeated: number;
  /** Products that a block may compute, rather than save a dispatch, which all of the machine would share else. */
  readonly mostIdle: number;
  /** Rows of a contraction that a block takes at a time. */
  readonly blockRows: number;
}

/** The limits that every WebGPU adapter has. */
const webgpu: Profile = {
  name: 'webgpu',
  workgroup: 256,
  workgroupMemory: 16384,
  privateMemory: 8192,
  cooperative: true,
  parallelWorkgroups: 128,
  bytesPerDispatch: 8 << 20,
  mostRepeated: Infinity,
  mostIdle: 1 << 21,
  blockRows: 1,
};

/** The same limits on a software driver: no barriers, register tiles; a few cores, which a few workgroups fill. */
const webgpuSoftware: Profile = {
  ...webgpu,
  name: 'webgpu-software',
  workgroup: 64,
  cooperative: false,
  mostRepeated: 16,
  mostIdle: 1 << 27,
};

/**
 * WebAssembly: a task computes alone, in scratch memory that should stay in a core's cache. What a dispatch
 * costs is a barrier of threads, a microsecond or two.
 */
export const wasm: Profile = {
  name: 'wasm',
  workgroup: 1,
  workgroupMemory: 1 << 18,
  privateMemory: 1 << 16,
  cooperative: false,
  parallelWorkgroups: 16,
  bytesPerDispatch: 1 << 18,
  mostRepeated: 16,
  mostIdle: 1 << 18,
  blockRows: 16,
};

/** The named profiles of WebGPU. */
export const profiles = { webgpu, 'webgpu-software': webgpuSoftware } satisfies Record<string, Profile>;

export type ProfileName = keyof typeof profiles;

/** Everything that a module can be compiled for. */
export const targetNames = ['webgpu', 'webgpu-software', 'wasm'] as const;

export type TargetName = (typeof targetNames)[number];
