import type { Engine } from './engine.ts';
import { decodeWords, elementCount, firstValue } from './init.ts';
import { InputError, SessionError, unknown } from './issues.ts';
import { named } from './options.ts';
import type { ProgramBase, StateSlot } from './program.ts';
import { type Values, valueWords, type Words } from './values.ts';

/** Words of states by name, in place of their declared first values. */
export type Initial = ReadonlyMap<string, Words>;

/** @throws SessionError `unknown-state` */
export function stateOf({ state }: ProgramBase, name: string): StateSlot {
  const slot = state.find((one) => one.name === name);
  if (slot) return slot;
  throw new SessionError('unknown-state', `${name}: ${unknown('state', state)}`);
}

/** A copy of values for a whole state. @throws InputError `length`, `type`, `range` */
export function stateWords(slot: StateSlot, values: Values): Words {
  const count = elementCount(slot.shape);
  const length = values?.length;
  if (length !== count)
    throw new InputError('length', slot.name, `expected ${count} elements, found ${length}`);
  return valueWords(slot, values, 0, count);
}

/** Copies of values that states are to have at first. @throws InputError, SessionError `unknown-state` */
export function takeInitial(program: ProgramBase, initial: Readonly<Record<string, Values>> = {}): Initial {
  return new Map(
    Object.entries(named('initial', initial)).map(([name, values]) => [
      name,
      stateWords(stateOf(program, name), values),
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
