import { count, cut, digits } from '../inspect/figures.ts';
import { type Paint, plain } from '../inspect/paint.ts';
import { bytesText, scaled, table } from '../inspect/reportText.ts';
import type { DispatchProfile, Profile } from './profile.ts';
import type { Quartiles } from './quartiles.ts';
import { timelineLines } from './timeline.ts';

/** Columns of what is printed where nothing tells how wide it may be. */
const USUAL_WIDTH = 80;
/** Characters that a name keeps however narrow the table has to be. */
const SHORTEST_NAME = 8;

/**
 * A profile for people: the time of a step, a line for each dispatch, and the step as bars along its time. In one table where
 * that is as wide as the terminal at most, else in two: times, then work and rates.
 *
 * @param width columns
 */
export function profileText(profile: Profile, paint: Paint = plain, width = USUAL_WIDTH): string {
  const { dispatches } = profile;
  const times = dispatches.map(timeCells);
  const rates = dispatches.map(rateCells);
  const total = totalCells(profile);
  const numbers = dispatches.map((_, k) => String(k));
  const names = [...dispatches.map(({ name }) => name), 'all kernels'];
  const rows = (...parts: readonly (readonly string[])[][]): string[][] =>
    names.map((name, k) => [numbers[k] ?? '', name, ...parts.flatMap((part) => part[k] ?? [])]);
  const timeRows = [...times, total.times];
  const rateRows = [...rates, total.rates];
  const whole = table([...nameHeads, ...timeHeads, ...rateHeads], rows(timeRows, rateRows), paint);
  const lines = headingLines(profile, paint);
  if (whole.every((line) => lengthOf(line) <= width)) lines.push('', ...whole);
  else {
    lines.push('', ...narrowTable([...nameHeads, ...timeHeads], rows(timeRows), paint, width));
    lines.push('', ...narrowTable([...nameHeads, ...rateHeads], rows(rateRows), paint, width));
  }
  lines.push('', ...timelineLines(profile, paint, width));
  return `${lines.join('\n')}\n`;
}

function headingLines(profile: Profile, paint: Paint): string[] {
  const { module, target, machine, threads, adapter, entry, steps, stepsPerCall, wall, kernels } = profile;
  const on = threads === null ? (adapter ?? 'its device') : count(threads, 'thread');
  const calls =
    stepsPerCall === 1 ? 'one a call' : `${steps % stepsPerCall === 0 ? '' : 'up to '}${stepsPerCall} a call`;
  const about = machine.about === undefined ? machine.name : `${machine.name} (${machine.about})`;
  const clock =
    kernels === null
      ? 'kernels are not timed: the adapter has no timestamps'
      : `its kernels ${spreadText(kernels)} by the clock of the ${threads === null ? 'device' : 'threads'}`;
  return [
    `${paint.bold(module)} for ${target} on ${on}: ${count(steps, 'step')} of ${entry}, ${calls}`,
    `a step takes ${spreadText(wall)} on the host, ${digits(profile.predictedMicros)} µs predicted;`,
    clock,
    paint.dim(`predictions and rooflines are of machine ${about};`),
    paint.dim(`a step is its kernels and ${digits(machine.dispatchMicros)} µs for each dispatch`),
  ];
}

const nameHeads = ['#', 'name'];
const timeHeads = ['kind', 'µs', '25 %', '75 %', 'predicted', 'ratio', '% of all'];
const rateHeads = ['FLOPs', 'bytes', 'GFLOP/s', 'GB/s', '% of roofline', 'by'];

function timeCells({ kind, predicted, measured }: DispatchProfile): string[] {
  const model = digits(predicted.micros);
  if (measured === null) return [kind, '', '', '', model, '', ''];
  const { median, low, high, ratio, share } = measured;
  return [kind, digits(median), digits(low), digits(high), model, digits(ratio, 2), hundredths(share)];
}

function rateCells({ flops, bytes, measured, roofline }: DispatchProfile): string[] {
  const rates =
    measured === null
      ? ['', '', '']
      : [digits(measured.gigaflops), digits(measured.gigabytes), hundredths(measured.roofline)];
  return [scaled(flops).trimEnd(), bytesText(bytes), ...rates, roofline.limit];
}

function totalCells({ dispatches, flops, bytes, kernels }: Profile): { times: string[]; rates: string[] } {
  const sum = (of: (dispatch: DispatchProfile) => number): number =>
    dispatches.reduce((total, dispatch) => total + of(dispatch), 0);
  const predicted = sum((dispatch) => dispatch.predicted.micros);
  const work = [scaled(flops).trimEnd(), bytesText(bytes)];
  if (kernels === null)
    return { times: ['', '', '', '', digits(predicted), '', ''], rates: [...work, '', '', '', ''] };
  const { median, low, high } = kernels;
  const least = sum(({ roofline }) => roofline.micros);
  return {
    times: [
      '',
      digits(median),
      digits(low),
      digits(high),
      digits(predicted),
      digits(median / predicted, 2),
      '100',
    ],
    rates: [
      ...work,
      digits(flops / median / 1000),
      digits(bytes / median / 1000),
      hundredths(least / median),
      '',
    ],
  };
}

/** A table whose names are cut, where it would be wider than the terminal. */
function narrowTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
  width: number,
): string[] {
  const lines = table(heads, rows, paint);
  const over = Math.max(...lines.map(lengthOf)) - width;
  if (over <= 0) return lines;
  const longest = Math.max(...rows.map(([, name = '']) => name.length));
  const most = Math.max(SHORTEST_NAME, longest - over);
  return table(
    heads,
    rows.map(([number = '', name = '', ...rest]) => [number, cut(name, most), ...rest]),
    paint,
  );
}

/** Columns of a line, without what colours it. */
function lengthOf(line: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are written in such
  return line.replaceAll(/\u001b\[\d+m/g, '').length;
}

/** `402 µs (398 to 420)`: half of all samples are between the two. */
function spreadText({ median, low, high }: Quartiles): string {
  return `${digits(median)} µs (${digits(low)} to ${digits(high)})`;
}

/** A part of a whole in hundredths, to two digits. */
function hundredths(part: number): string {
  return digits(100 * part, 2);
}
