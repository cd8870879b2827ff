import type { Engine } from './engine.ts';
import { decodeWords, elementCount, firstValue } from './init.ts';
import { isWhole, slotOf, unfit } from './issues.ts';
import { named } from './options.ts';
import type { ProgramBase, StateSlot } from './program.ts';
import type { StateWords } from './saved.ts';
import { type Values, valueWords, type Words } from './values.ts';

/** Words of states by name, in place of their declared first values. */
export type Initial = ReadonlyMap<string, Words>;

/**
 * A copy of values for a whole state, or for as many elements of it from one on.
 *
 * @throws InputError `length`, `type`, `range`
 */
export function stateWords(slot: StateSlot, values: Values, from?: number): StateWords {
  const count = elementCount(slot.shape);
  const length = values?.length;
  if (from === undefined ? length !== count : !isWhole(from, 0, count - length))
    unfit('length', slot.name, `${count} elements`, length);
  return [{ ...slot, offset: slot.offset + (from ?? 0) }, valueWords(slot, values)];
}

/** Copies of values that states are to have at first. @throws InputError `unknown`, `length`, `type`, `range` */
export function takeInitial(program: ProgramBase, initial: Readonly<Record<string, Values>> = {}): Initial {
  const given = Object.entries(named('initial', initial));
  return new Map(
    given.map(([name, values]) => [
      name,
      stateWords(slotOf('initial state', program.state, name), values)[1],
    ]),
  );
}

/** Writes what a session begins with: given arrays, and states. @throws DeviceError */
export function writeFirst(engine: Engine, initial: Initial, seed = 0): Promise<void> {
  const { constants, state } = engine.program;
  return engine.upload('first values', () => {
    for (const constant of constants) engine.write(constant, decodeWords(constant.words));
    for (const slot of state) {
      engine.write(slot, initial.get(slot.name) ?? firstValue(slot, seed));
    }
  });
}
