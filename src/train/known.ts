import { slotOf } from '../runtime/issues.ts';
import { named } from '../runtime/options.ts';

/**
 * A copy of options, of which there are none but these.
 *
 * @throws InputError `type` for what is not an object, `unknown` for an option that there is not
 */
export function knownOptions<T extends object>(what: string, given: T, names: readonly string[]): T {
  const options = named(what, given);
  const known = names.map((name) => ({ name }));
  for (const name of Object.keys(options)) slotOf('option', known, name);
  return options;
}
