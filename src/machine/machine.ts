import { MachineError } from './issues.ts';

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
 * place of workgroups (`tasks`).
 */
export type Feature = 'barriers' | 'partials' | 'tasks';

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
  readonly features: readonly Feature[];
  readonly numbers: Readonly<Record<QuantityName, Quantity>>;
}

/** A machine whose description has been checked: its numbers, in the units of `quantities`. */
export interface Machine extends Readonly<Record<QuantityName, number>> {
  readonly name: string;
  readonly features: ReadonlySet<Feature>;
  /** Where each number comes from. */
  readonly description: MachineDescription;
}

const knownFeatures: readonly Feature[] = ['barriers', 'partials', 'tasks'];

/**
 * The machine that a description tells of.
 *
 * @throws MachineError where a number is missing, is not one, has another unit, or contradicts another
 */
export function machineOf(description: MachineDescription): Machine {
  const { name, features, numbers } = description;
  const refuse = (quantity: string, text: string): never => {
    throw new MachineError(name, quantity, text);
  };
  const numberOf = (quantity: QuantityName): number => {
    const told: Partial<Quantity> | undefined = numbers[quantity];
    const { unit, doc } = quantities[quantity];
    if (told === undefined) return refuse(quantity, `is missing: ${unit} ${doc}`);
    if (told.unit !== unit) return refuse(quantity, `is in ${told.unit}; it must be in ${unit}`);
    if (typeof told.value !== 'number' || !(told.value > 0) || told.value === Infinity)
      return refuse(quantity, `is ${told.value}; it must be a positive number of ${unit}`);
    if (typeof told.from !== 'string' || told.from === '')
      return refuse(quantity, 'must say where it comes from: specified, measured by a command, or assumed');
    return told.value;
  };
  const known = Object.keys(quantities) as QuantityName[];
  for (const other of Object.keys(numbers))
    if (!known.some((quantity) => quantity === other))
      refuse(other, `is not a number of a machine; these are: ${known.join(', ')}`);
  for (const feature of features)
    if (!knownFeatures.includes(feature))
      refuse('features', `has no ${feature}; there are: ${knownFeatures.join(', ')}`);
  const values = Object.fromEntries(known.map((quantity) => [quantity, numberOf(quantity)])) as Record<
    QuantityName,
    number
  >;
  const whole: readonly QuantityName[] = [
    'workgroup',
    'workgroupMemory',
    'privateMemory',
    'binding',
    'sums',
    'cores',
    'resident',
    'neighbours',
  ];
  for (const quantity of whole)
    if (!Number.isSafeInteger(values[quantity]))
      refuse(quantity, `is ${values[quantity]}; it must be a whole number of ${quantities[quantity].unit}`);
  if (!Number.isInteger(Math.log2(values.workgroup)))
    refuse('workgroup', `is ${values.workgroup}; it must be a power of two: invocations are halved`);
  if (values.resident < values.cores)
    refuse('resident', `is ${values.resident}, fewer than its ${values.cores} cores`);
  if (values.cacheRate < values.memoryRate)
    refuse('cacheRate', `is ${values.cacheRate}, slower than memory (${values.memoryRate})`);
  if (values.scattered < values.load)
    refuse('scattered', `is ${values.scattered}, less than a load of neighbours (${values.load})`);
  if (features.includes('barriers') && values.workgroupMemory < 16 * values.workgroup)
    refuse(
      'workgroupMemory',
      `is ${values.workgroupMemory}; invocations that meet need 16 bytes each, ${16 * values.workgroup} in all`,
    );
  return { name, features: new Set(features), description, ...values };
}

/** A machine with some numbers changed: for what would be, and for tests. */
export function machineWith(
  { description }: Machine,
  changes: Partial<Record<QuantityName, number>>,
  from = 'assumed: what if',
): Machine {
  const numbers = { ...description.numbers };
  for (const [quantity, value] of Object.entries(changes) as [QuantityName, number][])
    numbers[quantity] = { value, unit: quantities[quantity].unit, from };
  return machineOf({ ...description, numbers });
}
