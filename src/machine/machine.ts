import { numbersOf } from './check.ts';
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
