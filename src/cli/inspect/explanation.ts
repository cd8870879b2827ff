import type { Compilation } from '../../compile.ts';
import { explain, explanationText } from '../../inspect/explain.ts';
import { UnknownNameError } from '../../issues.ts';
import { listed, UsageError } from '../usage.ts';

/**
 * Why two nodes share a kernel, or why not.
 *
 * @throws UsageError where there are not two names, or there is no such node
 */
export function explanation(
  compilation: Compilation,
  names: readonly string[],
  entry: string | undefined,
): string {
  const [a, b, ...more] = names;
  if (a === undefined || b === undefined || more.length > 0) {
    const given =
      b === undefined ? `the second is missing after ${listed(names)}` : `${listed(names)} are more`;
    throw new UsageError(`--explain takes two names, as in --explain hidden loss; ${given}`);
  }
  try {
    const all = explain(compilation, a, b).filter((e) => entry === undefined || e.entry === entry);
    return explanationText(a, b, all);
  } catch (error) {
    throw error instanceof UnknownNameError ? new UsageError(`--explain: ${error.message}`) : error;
  }
}
