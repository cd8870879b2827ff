import type { Paint } from '../inspect/paint.ts';
import { table } from '../inspect/reportText.ts';
import type { Difference } from './closeness.ts';
import type { TargetResult } from './lane.ts';
import type { Finding } from './locate.ts';
import type { NodePlace } from './nodePlace.ts';
import type { NonFinite, Origin } from './nonFinite.ts';
import type { Play, TensorPlace } from './plays.ts';
import type { Dispatch } from './runner.ts';
import type { SideBySide } from './sideBySide.ts';
import type { WrongGradient } from './wrongGradients.ts';

/** A comparison as a table, a row for each target, followed by what was found. */
export function sideBySideText(found: SideBySide, paint: Paint): string {
  const { module, entries, steps, seed, tolerance, targets, nonFinite, gradients } = found;
  const each = entries.length > 1 ? ' each' : '';
  const heading = `${paint.bold(module)}: ${steps} ${steps === 1 ? 'step' : 'steps'} of ${entries.join(', ')}${each}, seed ${seed}, tolerance ${small(tolerance)}`;
  const rows = [
    ['reference', 'plain loops, float64', String(steps * entries.length), '', '', ''],
    ...targets.map(rowOf),
  ];
  const lines = [
    heading,
    '',
    ...table(['target', 'on', 'steps', 'of allowed', 'where', 'result'], rows, paint),
  ];
  for (const target of targets) {
    const text = reasonLines(target);
    if (text.length > 0) lines.push('', `${paint.bold(target.name)} ${text[0]}`, ...text.slice(1));
  }
  if (nonFinite !== null) lines.push('', ...nonFiniteLines(nonFinite, paint));
  for (const gradient of gradients) lines.push('', ...gradientLines(gradient, paint));
  return `${lines.join('\n')}\n`;
}

/** A number with its exponent where it is small, `1e-5`. */
function small(x: number): string {
  return x !== 0 && Math.abs(x) < 1e-3 ? x.toExponential() : String(x);
}

const verdicts = {
  agrees: 'ok',
  rounding: 'ok, rounding',
  differs: 'DIFFERS',
  failed: 'FAILED',
} satisfies Record<TargetResult['status'], string>;

function rowOf({ name, device, steps, worst, status }: TargetResult): string[] {
  const size = worst === null ? '' : partOf(worst.excess);
  // Where nothing differs at all, no place is the worst.
  const where = worst === null || worst.excess === 0 ? '' : `${resultText(worst)} ${playText(worst)}`;
  return [name, device, String(steps), size, where, verdicts[status]];
}

/** A distance as a part of what it may be: infinite of values that had to be equal. */
function partOf(excess: number): string {
  return excess === Infinity ? '∞' : small(Number(excess.toPrecision(2)));
}

function resultText({ place, index }: { readonly place: TensorPlace } & Difference): string {
  return `${place.kind} ${place.name}${elementText(index)}`;
}

function playText({ entry, step }: Play): string {
  return `in step ${step} of ${entry}`;
}

function elementText(index: readonly number[]): string {
  return index.length === 0 ? '' : `[${index.join(', ')}]`;
}

function elementName(index: readonly number[]): string {
  return index.length === 0 ? 'its value' : `element ${elementText(index)}`;
}

function reasonLines({ finding, failure, worst }: TargetResult): string[] {
  if (failure !== null) return [`failed: ${failure}`];
  if (finding === null || worst === null) return [];
  return findingLines(finding);
}

function findingLines(finding: Finding): string[] {
  switch (finding.kind) {
    case 'node':
      return [
        `differs ${playText(finding)}; the first node that is wrong for its operands is`,
        `  ${placeText(finding.node)}`,
        `  ${valuesText(finding.difference)}`,
        ...dispatchLines(finding.dispatches, 'it is computed'),
        '  (found with the values of all nodes stored: each is computed nearly alone)',
      ];
    case 'fusion':
      return [
        `differs ${playText(finding)} in ${finding.result.kind} ${finding.result.name}, which is`,
        `  ${placeText(finding.node)}`,
        `  ${valuesText(finding.difference)}`,
        ...dispatchLines(finding.dispatches, 'it is written'),
        '  with the values of all nodes stored, each node is right: what joins them is at fault',
        finding.healedBy.length === 0
          ? '  no pass makes it right by being left out'
          : `  it is right without ${finding.healedBy.join(', or without ')}`,
      ];
    case 'rounding':
      return [
        `agrees except for rounding, which is made large ${playText(finding)} by`,
        `  ${placeText(finding.node)}`,
        `  ${valuesText(finding.difference)}`,
        isWhole(finding.difference)
          ? `  ${finding.node.op} of nearly equal values: its operands agree`
          : '  every node is right for the operands that it was given',
      ];
    case 'drift':
      return ['agrees in every step that starts from the same states: rounding grew from step to step'];
    default:
      return finding satisfies never;
  }
}

function isWhole({ allowed }: Difference): boolean {
  return allowed === 0;
}

function placeText({ text, source }: NodePlace): string {
  return source === null ? text : `${text}  at ${source}`;
}

function valuesText({ index, actual, expected, allowed }: Difference): string {
  const off =
    allowed === 0 ? 'they must be equal' : `they may be ${small(Number(allowed.toPrecision(2)))} apart`;
  return `${elementName(index)} is ${actual}, the reference has ${expected}; ${off}`;
}

function dispatchLines(dispatches: readonly Dispatch[], how: string): string[] {
  if (dispatches.length === 0) return [];
  return [
    `  ${how} by ${dispatches.map(({ number, kernel }) => `dispatch ${number} (${kernel})`).join(', ')}`,
  ];
}

function nonFiniteLines(found: NonFinite, paint: Paint): string[] {
  const { result, origin, infinity } = found;
  const kind = Number.isNaN(origin.value) ? 'NaN' : 'infinity';
  const lines = [
    `${paint.bold(kind)} in ${result.kind} ${result.name} ${playText(found)}, by the reference too; first at`,
    ...originLines(origin),
  ];
  if (infinity !== null) lines.push('  its first infinity is of', ...originLines(infinity));
  return lines;
}

function originLines({ node, index, value, operands, float64 }: Origin): string[] {
  const called = operands.map((operand) => operand ?? '…').join(', ');
  const made = operands.length === 0 ? 'is given' : `is ${node.op}(${called})`;
  const lines = [`  ${placeText(node)}`, `  ${elementName(index)}, ${value}, ${made}`];
  if (float64 !== null) lines.push(`  it is ${float64} in float64: too large for float32`);
  return lines;
}

function gradientLines(found: WrongGradient, paint: Paint): string[] {
  const { node, input, given, differences } = found;
  const [rule, slope] = [given, differences].map((x) => small(Number(x.toPrecision(5))));
  return [
    `${paint.bold('gradient')} of one's own in input ${input} is not the derivative, ${playText(found)}, of`,
    `  ${placeText(node)}`,
    `  along a direction it gives ${rule}, differences of the function give ${slope}`,
    '  if it is not to be the derivative, say so: customGradient(f, vjp, { estimate: true })',
  ];
}
