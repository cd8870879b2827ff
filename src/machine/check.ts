import { MachineError } from './issues.ts';
import {
  type Feature,
  features as knownFeatures,
  type MachineDescription,
  type QuantityName,
  quantities,
} from './quantities.ts';

/** The numbers of a description that has been checked, in the units of `quantities`. */
export type Numbers = Readonly<Record<QuantityName, number>>;

/** Numbers that count things. */
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

/** Bytes of an element in a buffer, whatever its type. */
const WORD = 4;

/** Bytes of workgroup memory by which an invocation meets others: four words. */
const MEETING = 16;

/**
 * The numbers of a description. Callers without types, and files, may give anything for one.
 *
 * @throws MachineError where it is not a description, or contradicts itself
 */
export function numbersOf(description: MachineDescription): Numbers {
  const given: unknown = description;
  if (!isRecord(given))
    throw new MachineError(
      '',
      'description',
      `is ${found(given)}; it must be an object, { name, features, numbers }, as machines.webgpu.description is`,
    );
  const { name, features, numbers, about } = given;
  if (typeof name !== 'string' || name.trim() === '')
    throw new MachineError('', 'name', `is ${found(name)}; it must be a text that tells it from others`);
  const refuse: Refuse = (quantity, text) => {
    throw new MachineError(name, quantity, text);
  };
  if (about !== undefined && (typeof about !== 'string' || about.trim() === ''))
    refuse('about', `is ${found(about)}; it must say in a few words what the machine is, or be left out`);
  const own = featuresOf(features, refuse);
  const values = amountsOf(numbers, refuse);
  checkAgreement(values, own, refuse);
  return values;
}

type Refuse = (quantity: string, text: string) => never;

function featuresOf(features: unknown, refuse: Refuse): ReadonlySet<Feature> {
  const example = "as in ['barriers', 'partials']";
  if (!Array.isArray(features))
    return refuse('features', `is ${found(features)}; it must be a list, ${example}`);
  const own = new Set<Feature>();
  for (const given of features as readonly unknown[]) {
    const feature = knownFeatures.find((known) => known === given);
    if (feature === undefined)
      return refuse('features', `has ${found(given)}; there are: ${knownFeatures.join(', ')}`);
    if (own.has(feature)) return refuse('features', `has ${found(feature)} twice`);
    own.add(feature);
  }
  for (const other of ['barriers', 'partials'] as const)
    if (own.has('tasks') && own.has(other))
      refuse(
        'features',
        `has tasks and ${other}: tasks take the place of workgroups, which alone have ${other}`,
      );
  return own;
}

function amountsOf(numbers: unknown, refuse: Refuse): Numbers {
  if (!isRecord(numbers))
    return refuse(
      'numbers',
      `is ${found(numbers)}; it must be an object with a quantity for each of ${all()}`,
    );
  for (const other of Object.keys(numbers))
    if (!Object.hasOwn(quantities, other)) refuse(other, `is not a number of a machine; these are: ${all()}`);
  const missing = names.filter((quantity) => numbers[quantity] === undefined);
  const [first] = missing;
  if (first !== undefined && missing.length === 1) refuse(first, `is missing: ${meaning(first)}`);
  if (first !== undefined)
    refuse('numbers', `lacks ${missing.map((quantity) => `${quantity} (${meaning(quantity)})`).join(', ')}`);
  const values = Object.fromEntries(
    names.map((quantity) => [quantity, amountOf(quantity, numbers[quantity], refuse)]),
  );
  return values as Numbers;
}

function amountOf(quantity: QuantityName, given: unknown, refuse: Refuse): number {
  const { unit } = quantities[quantity];
  if (!isRecord(given))
    return refuse(quantity, `is ${found(given)}; it must be { value, unit: ${found(unit)}, from }`);
  const { value, from } = given;
  if (given.unit !== unit) refuse(quantity, `has the unit ${found(given.unit)}; it must be in ${unit}`);
  if (typeof value !== 'number' || !(value > 0) || value === Infinity)
    return refuse(quantity, `is ${found(value)}; it must be a positive number of ${unit}`);
  if (whole.includes(quantity) && !Number.isSafeInteger(value))
    refuse(quantity, `is ${value}; it must be a whole number of ${unit}`);
  if (typeof from !== 'string' || !/^(specified|measured|assumed): *\S/.test(from))
    refuse(
      quantity,
      `is from ${found(from)}; it must say where it comes from: 'specified: …', 'measured: …' or 'assumed: …'`,
    );
  return value;
}

/** Numbers that cannot all be true of one machine. */
function checkAgreement(values: Numbers, features: ReadonlySet<Feature>, refuse: Refuse): void {
  const { workgroup, workgroupMemory, binding, cores, resident, neighbours } = values;
  const { load, scattered, coreRate, cacheRate, memoryRate } = values;
  if (!Number.isInteger(Math.log2(workgroup)))
    refuse('workgroup', `is ${workgroup}; it must be a power of two: invocations are halved`);
  if (binding < WORD) refuse('binding', `is ${binding}; one element in a buffer takes ${WORD} bytes`);
  if (resident < cores) refuse('resident', `is ${resident}, fewer than its ${cores} cores`);
  if (cacheRate < memoryRate) refuse('cacheRate', `is ${cacheRate}, slower than memory (${memoryRate})`);
  if (coreRate > cacheRate)
    refuse('coreRate', `is ${coreRate}, more than all cores together read from cache (${cacheRate})`);
  if (scattered < load) refuse('scattered', `is ${scattered}, less than a load of neighbours (${load})`);
  if (features.has('tasks')) {
    if (workgroup !== 1) refuse('workgroup', `is ${workgroup}; a task is one thread, so it must be 1`);
    return;
  }
  if (neighbours > workgroup)
    refuse('neighbours', `is ${neighbours}, more than the ${workgroup} invocations of a workgroup`);
  if (features.has('barriers') && workgroupMemory < MEETING * workgroup)
    refuse(
      'workgroupMemory',
      `is ${workgroupMemory}; invocations that meet need ${MEETING} bytes each, ${MEETING * workgroup} in all`,
    );
}

const names = Object.keys(quantities) as QuantityName[];

function all(): string {
  return names.join(', ');
}

function meaning(quantity: QuantityName): string {
  const { unit, doc } = quantities[quantity];
  return `${unit} ${doc}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as an error names it: texts in quotes. */
function found(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return String(value);
  return typeof value === 'object' ? 'an object' : 'a function';
}
