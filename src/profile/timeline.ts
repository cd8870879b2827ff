import { cut, digits } from '../inspect/figures.ts';
import type { Paint } from '../inspect/paint.ts';
import type { Profile } from './profile.ts';

/** Columns of a name beside its bar, at most. */
const NAME = 24;
/** Columns of bars at least, however narrow the terminal is. */
const LEAST_BARS = 10;

/**
 * A step as bars along its time, a line for each dispatch: where it begins, and how long it takes. Of what was measured, or, where
 * nothing was, of what is predicted.
 *
 * @param width columns
 */
export function timelineLines({ dispatches, kernels }: Profile, paint: Paint, width: number): string[] {
  const times = dispatches.map(({ measured, predicted }) => measured?.median ?? predicted.micros);
  const sum = times.reduce((a, b) => a + b, 0);
  const numberWidth = String(dispatches.length - 1).length;
  const nameWidth = Math.min(NAME, Math.max(0, ...dispatches.map(({ name }) => name.length)));
  const room = Math.max(LEAST_BARS, width - numberWidth - nameWidth - 6);
  let before = 0;
  const bars = dispatches.map(({ name }, k) => {
    const time = times[k] ?? 0;
    const label = `${String(k).padStart(numberWidth)}  ${cut(name, nameWidth).padEnd(nameWidth)}`;
    const line = `  ${label}  ${bar(before / sum, (before + time) / sum, room)}`;
    before += time;
    return line;
  });
  const what = kernels === null ? 'as predicted' : 'as measured';
  return [paint.dim(`  a step's kernels, one after the other, ${what}: ${digits(sum)} µs`), ...bars];
}

/** A bar from one part of the room to another; a thin one of what is too short to be seen. */
function bar(from: number, to: number, room: number): string {
  const [first, end] = [Math.round(from * room), Math.round(to * room)];
  if (end > first) return `${' '.repeat(first)}${'█'.repeat(end - first)}`;
  return `${' '.repeat(Math.min(first, room - 1))}▏`;
}
