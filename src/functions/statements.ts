import type { ScalarFunction, Value } from './language.ts';

/** A function as a list of named values, and its result. */
export interface Statements {
  readonly parameters: readonly string[];
  /** In an order in which each needs only those before it. */
  readonly lets: readonly { readonly name: string; readonly value: Value }[];
  readonly result: Value;
  /** The name that stands for a value, if one does. */
  readonly nameOf: (value: Value) => string | undefined;
}

/**
 * Names what is used in several places, and what has a name. What printers have in common.
 *
 * @param needsNames whether a value's operands must be names or constants, since the printer writes them several times
 * @param taken words that are no names in the target
 */
export function statementsOf(
  { result, arity }: ScalarFunction,
  needsNames: (value: Value) => boolean,
  taken: Iterable<string>,
): Statements {
  const order = inOrder(result);
  const uses = new Map<Value, number>();
  const count = (value: Value, by: number): void => {
    uses.set(value, (uses.get(value) ?? 0) + by);
  };
  count(result, 1);
  for (const value of order)
    for (const operand of operandsOf(value)) count(operand, needsNames(value) ? 2 : 1);

  const used = new Set(taken);
  const fresh = (wish: string): string => {
    let name = wish;
    for (let n = 1; used.has(name); n++) name = `${wish}${n}`;
    used.add(name);
    return name;
  };
  const parameters = ['x', 'y'].slice(0, arity).map(fresh);
  const names = new Map<Value, string>();
  const lets: { name: string; value: Value }[] = [];
  // What only a name is for gets it: the name stands for the value behind it too.
  const wishes = new Map<Value, string>();
  for (const value of order) {
    if (value.kind !== 'named') continue;
    let { of } = value;
    while (of.kind === 'named') of = of.of;
    if (!wishes.has(of)) wishes.set(of, value.name);
  }
  for (const value of order) {
    if (value.kind === 'named') {
      const name = names.get(value.of);
      if (name !== undefined) names.set(value, name);
      continue;
    }
    if (value.kind === 'constant') continue;
    if (value.kind === 'parameter') {
      const name = parameters[value.index];
      if (name !== undefined) names.set(value, name);
      continue;
    }
    const wish = wishes.get(value);
    if (wish === undefined && (uses.get(value) ?? 0) < 2) continue;
    const name = fresh(wish ?? 't');
    names.set(value, name);
    lets.push({ name, value });
  }
  return { parameters, lets, result, nameOf: (value) => names.get(value) };
}

/** What a value is made of. */
export function operandsOf(value: Value): readonly Value[] {
  switch (value.kind) {
    case 'parameter':
    case 'constant':
      return [];
    case 'named':
      return [value.of];
    case 'apply':
      return value.args;
    default:
      return value satisfies never;
  }
}

/** All values behind one, operands first; each once. Without recursion: programs are long chains. */
export function inOrder(result: Value): readonly Value[] {
  const done = new Set<Value>();
  const waiting: Value[] = [result];
  while (waiting.length > 0) {
    const value = waiting.at(-1);
    if (value === undefined) break;
    const missing = done.has(value) ? [] : operandsOf(value).filter((operand) => !done.has(operand));
    if (missing.length === 0) {
      done.add(value);
      waiting.pop();
    } else waiting.push(...[...missing].reverse());
  }
  return [...done];
}
