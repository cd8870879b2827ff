import type { Machine } from '../machine/index.ts';
import { MOST_ELEMENTS } from '../runtime/agreement.ts';
import type { LimitName, Need } from './needs.ts';

/** What there is of each limit; those that are not known are missing. */
export interface Limits {
  /** Of what they are, for people: `machine webgpu`. */
  readonly of: string;
  readonly values: Readonly<Partial<Record<LimitName, number>>>;
}

/** What every runtime has. */
const counted = { 'elements of an input': MOST_ELEMENTS } as const;

/** What every adapter has (WebGPU, default limits), and no description of a machine tells. */
const defaults = {
  maxUniformBufferBindingSize: 65536,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupsPerDimension: 65535,
} as const;

/** The limits of a machine, by its description. */
export function limitsOfMachine(machine: Machine): Limits {
  const { name, binding, workgroup, workgroupMemory, features } = machine;
  const { about } = machine.description;
  const of = `machine ${name}${about === undefined ? '' : ` (${about})`}`;
  if (features.has('tasks')) return { of, values: { ...counted, 'address space': binding } };
  return {
    of,
    values: {
      ...counted,
      ...defaults,
      maxStorageBufferBindingSize: binding,
      maxComputeInvocationsPerWorkgroup: workgroup,
      maxComputeWorkgroupStorageSize: workgroupMemory,
    },
  };
}

/** The names that are WebGPU's. */
const webGpuNames = [
  'maxStorageBufferBindingSize',
  'maxUniformBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies readonly LimitName[];

/**
 * The limits that an adapter states of itself. Of its memory it says nothing. A buffer that can be bound may be larger than one that
 * can be made: what counts is the smaller of the two.
 */
export function limitsOfAdapter({ limits, info }: Pick<GPUAdapter, 'limits' | 'info'>): Limits {
  const { vendor, architecture, description } = info;
  const name = [vendor, architecture, description].filter((text) => text !== '').join(' ');
  return {
    of: `adapter ${name === '' ? 'at hand' : name}`,
    values: {
      ...counted,
      ...Object.fromEntries(webGpuNames.map((limit) => [limit, limits[limit]])),
      maxStorageBufferBindingSize: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
    },
  };
}

/** What is needed of a limit beside what there is. */
export interface Verdict extends Need {
  /** Null where it is not known. */
  readonly available: number | null;
  /** Needed of available. */
  readonly share: number | null;
  readonly fits: boolean;
}

/** A need beside the limit that it is of. What is not known keeps nothing from fitting. */
export function verdictOf(need: Need, { values }: Limits): Verdict {
  const available = values[need.limit] ?? null;
  if (available === null) return { ...need, available, share: null, fits: true };
  return { ...need, available, share: need.needed / available, fits: need.needed <= available };
}
