import picocolors from 'picocolors';
import type { Paint } from '../inspect/paint.ts';
import type { Terminal } from './run.ts';

/** Colours for the output, where it has them. */
export function paintFor(terminal: Terminal): Paint {
  const { bold, dim, blue, magenta, green, cyan } = picocolors.createColors(hasColours(terminal));
  return { bold, dim, role: { data: cyan, forward: blue, backward: magenta, update: green } };
}

/** Whether the output has colours: only on a terminal, unless `NO_COLOR` or `FORCE_COLOR` say otherwise. */
export function hasColours({ stdout, env }: Terminal): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = env;
  const isForced = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const isForbidden = (NO_COLOR !== undefined && NO_COLOR !== '') || FORCE_COLOR === '0';
  const isTerminal = stdout.isTTY === true && TERM !== 'dumb';
  return isForced || (isTerminal && !isForbidden);
}
