import { numbersOf } from './check.ts';
import { MachineError } from './issues.ts';
import { type Feature, type MachineDescription, type QuantityName, quantities } from './quantities.ts';

/** A machine whose description has been checked: its numbers, in the units of `quantities`. */
export interface Machine extends Readonly<Record<QuantityName, number>> {
  readonly name: string;
  readonly features: ReadonlySet<Feature>;
  /** Where each number comes from. */
  readonly description: MachineDescription;
}

/**
 * The machine that a description tells of.
 *
 * @throws MachineError where it is not a description: something is missing, is not of its kind, has another unit, does not
 *   say where it comes from, or contradicts another
 */
export function machineOf(description: MachineDescription): Machine {
  const numbers = numbersOf(description);
  return { name: description.name, features: new Set(description.features), description, ...numbers };
}

/**
 * A machine of the same numbers that is another object. What is found out about loops and groups is kept for as long as the
 * machine lives that it was found for: with one of its own, a compilation leaves nothing behind, and finds nothing of others.
 */
export function ownCopy(machine: Machine): Machine {
  return { ...machine };
}

/**
 * Requires a machine to be what its description says: spread and changed, its numbers would be of no origin.
 *
 * @throws MachineError where it is not, or the description is not one
 */
export function requireMade(machine: Machine): void {
  const made = machineOf(machine.description);
  const differs = (part: string, has: unknown, says: unknown): never => {
    const text = `is ${has === '' ? 'none' : has}, and its description says ${says}: change the description, and make it again by machineOf`;
    throw new MachineError(made.name, part, text);
  };
  if (machine.name !== made.name) differs('name', machine.name, made.name);
  const [has, says] = [machine, made].map(({ features }) => [...features].sort().join(', '));
  if (has !== says) differs('features', has, says);
  for (const quantity of Object.keys(quantities) as QuantityName[])
    if (machine[quantity] !== made[quantity]) differs(quantity, machine[quantity], made[quantity]);
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
