/** A number of a machine: its unit, and where it comes from. */
export interface Quantity {
  readonly value: number;
  readonly unit: string;
  /** `specified: …`, `measured: COMMAND`, or `assumed: WHY`. */
  readonly from: string;
}

/**
 * What a machine can do beside counting: whether invocations of a workgroup can meet (`barriers`), whether a kernel
 * can write parts of a reduction of what it makes (`partials`), and whether it computes tasks, one thread each, in the
 * place of workgroups (`tasks`). With none of them each invocation computes alone.
 */
export const features = ['barriers', 'partials', 'tasks'] as const;

export type Feature = (typeof features)[number];

/** The numbers by which everything that chooses is told of a machine: unit and meaning of each. */
export const quantities = {
  workgroup: { unit: 'invocations', doc: 'of every workgroup: packed kernels share one size' },
  workgroupMemory: {
    unit: 'bytes',
    doc: 'that the invocations of a workgroup share; of a task, what its cache holds',
  },
  privateMemory: { unit: 'bytes', doc: "of an invocation's own arrays" },
  binding: { unit: 'bytes', doc: 'of one buffer that a kernel can see' },
  sums: { unit: 'values', doc: 'that an invocation can add up in registers' },
  cores: { unit: 'workgroups', doc: 'whose arithmetic runs at once' },
  resident: { unit: 'workgroups', doc: 'that are under way at once, and wait for memory together' },
  lanes: { unit: 'multiply-adds', doc: 'that a core does in one cycle' },
  neighbours: { unit: 'invocations', doc: 'that one instruction computes together' },
  clock: { unit: 'cycles per microsecond', doc: 'of a core' },
  load: { unit: 'multiply-adds', doc: 'in whose place an invocation loads once' },
  scattered: { unit: 'multiply-adds', doc: 'the same where neighbours load what lies apart' },
  element: { unit: 'multiply-adds', doc: 'in whose place an invocation turns to one more element, or tile' },
  latency: { unit: 'microseconds', doc: 'from a load to its value, from cache' },
  overlap: { unit: 'loads', doc: 'of one invocation that are under way at once' },
  barrier: { unit: 'microseconds', doc: 'in which the invocations of a workgroup meet' },
  coreRate: { unit: 'bytes per microsecond', doc: 'that one core reads from cache' },
  cacheRate: { unit: 'bytes per microsecond', doc: 'that all cores together read from cache' },
  cache: { unit: 'bytes', doc: 'of the cache that all cores share' },
  memoryRate: { unit: 'bytes per microsecond', doc: 'from memory' },
  dispatch: { unit: 'microseconds', doc: 'of one dispatch more that depends on the one before' },
} as const satisfies Readonly<Record<string, { readonly unit: string; readonly doc: string }>>;

export type QuantityName = keyof typeof quantities;

/** A machine as it is told: plain data, so that a program can be compiled for one that is not there. */
export interface MachineDescription {
  readonly name: string;
  /** What it is, in a few words: `a large GPU`. Texts with predictions say it behind the name. */
  readonly about?: string;
  readonly features: readonly Feature[];
  readonly numbers: Readonly<Record<QuantityName, Quantity>>;
}
