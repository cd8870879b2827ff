import { slotOf } from '../runtime/issues.ts';
import { checkOption, named } from '../runtime/options.ts';

/** An option that there is, and what it may be; what has no rule is looked at where it is used. */
export interface OptionRule {
  readonly name: string;
  readonly rule?: Parameters<typeof checkOption>[2];
}

/** A copy of options. @throws InputError `unknown` for what there is not, `type` for what it cannot be */
export function takeOptions<Options extends object>(options: Options, rules: readonly OptionRule[]): Options {
  const given = named('options', options);
  for (const [name, value] of Object.entries(given)) {
    const { rule } = slotOf('option', rules, name);
    if (value !== undefined && rule !== undefined) checkOption(name, value, rule);
  }
  return given;
}
