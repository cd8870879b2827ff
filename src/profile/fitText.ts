import { cut } from '../inspect/figures.ts';
import { type Paint, plain } from '../inspect/paint.ts';
import { bytesText, table } from '../inspect/reportText.ts';
import type { Fit, SizeFit } from './fits.ts';
import type { Verdict } from './limits.ts';

/** Characters of what needs something, at most: the rest of a line is of a known width. */
const MOST_NAME = 40;

/** Whether a module fits, for people: a line for each limit, and what its bounded sizes could be. */
export function fitText(fit: Fit, paint: Paint = plain): string {
  const { module, target, machine, limits, fits, fault, needs, features, isRefused, sizes } = fit;
  const verdict = fits ? 'fits' : 'DOES NOT FIT';
  const lines = [`${paint.bold(module)} for ${target}, on ${limits}: ${paint.bold(verdict)}`];
  if (fault !== null) lines.push('', `there is no plan to compare: ${fault}`);
  else {
    const needed = features.length === 0 ? 'none is needed' : features.join('; ');
    lines.push('', ...table(['what', 'needed', 'there is', '% of it', ''], needs.map(rowOf), paint));
    lines.push('', paint.dim(`features: ${needed}; datasets come on top`));
  }
  if (isRefused)
    lines.push(
      '',
      `compile() refuses it all the same: buffers of machine ${machine} are smaller;`,
      'give it a machine whose `binding` is that of the adapter, { machine }',
    );
  lines.push('', ...sizes.flatMap(sizeLines));
  if (sizes.length === 0)
    lines.push(
      'no size is bounded: a batch that is a number in shapes is another module (m.size has bounds)',
    );
  return `${lines.join('\n')}\n`;
}

function rowOf({ what, needed, unit, available, share, fits }: Verdict): string[] {
  const shown = (n: number): string => (unit === 'bytes' ? bytesText(n) : String(n));
  const has = available === null ? 'not told' : shown(available);
  const part = share === null ? '' : (100 * share).toFixed(1);
  return [cut(what, MOST_NAME), shown(needed), has, part, fits ? '' : 'TOO LARGE'];
}

function sizeLines({ name, max, largest, tooLarge, why }: SizeFit): string[] {
  const fitting = largest === null ? [] : [`${largest} would fit`];
  const other = tooLarge === null ? [] : [`${tooLarge} would not`];
  const found = [...fitting, ...other];
  const told = found.length === 0 ? 'it may be anything' : found.join(', ');
  return [`${name} is at most ${max}; ${told}:`, `  ${why}`];
}
