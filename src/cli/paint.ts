import picocolors from 'picocolors';
import type { Paint } from '../inspect/reportText.ts';
import type { Terminal } from './run.ts';

/** Colours for the output: only on a terminal, unless `NO_COLOR` or `FORCE_COLOR` say otherwise. */
export function paintFor({ stdout, env }: Terminal): Paint {
  const { NO_COLOR, FORCE_COLOR, TERM } = env;
  const isForced = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const isForbidden = (NO_COLOR !== undefined && NO_COLOR !== '') || FORCE_COLOR === '0';
  const isTerminal = stdout.isTTY === true && TERM !== 'dumb';
  const { bold, dim } = picocolors.createColors(isForced || (isTerminal && !isForbidden));
  return { bold, dim };
}
