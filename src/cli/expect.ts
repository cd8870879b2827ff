import type { Report } from '../inspect/report.ts';
import { listed, UsageError } from './usage.ts';

/** A budget: a figure of the report, a comparison, a bound. */
export interface Expectation {
  readonly text: string;
  /** An entry's name, or null for figures of the whole program. */
  readonly entry: string | null;
  readonly metric: string;
  readonly operator: Operator;
  readonly bound: number;
}

/** Whether a budget is kept, and the figure. */
export interface Outcome {
  readonly expectation: Expectation;
  readonly actual: number;
  readonly holds: boolean;
}

const operators = {
  '<=': (a: number, b: number) => a <= b,
  '>=': (a: number, b: number) => a >= b,
  '==': (a: number, b: number) => a === b,
  '<': (a: number, b: number) => a < b,
  '>': (a: number, b: number) => a > b,
} satisfies Record<string, (a: number, b: number) => boolean>;

type Operator = keyof typeof operators;

const programMetrics = ['kernels', 'peakBytes', 'lowerBoundBytes', 'peakRatio'] as const;
const entryMetrics = ['dispatches', 'kernels', 'flops', 'bytes'] as const;

/**
 * Reads `train.dispatches<=3`, `peakBytes < 2e6`.
 *
 * @throws UsageError where it is no expectation
 */
export function parseExpectation(text: string): Expectation {
  const found = /^\s*(?:(.+)\.)?(\w+)\s*(<=|>=|==|<|>)\s*([\d.]+(?:e[+-]?\d+)?)\s*$/i.exec(text);
  const [, entry, metric, operator, bound] = found ?? [];
  if (metric === undefined || !isOperator(operator) || !Number.isFinite(Number(bound))) {
    throw new UsageError(
      `--expect ${JSON.stringify(text)}: write a figure, a comparison and a number, as in 'train.dispatches<=3' or 'peakBytes<2000000'`,
    );
  }
  return { text: text.trim(), entry: entry ?? null, metric, operator, bound: Number(bound) };
}

/** Compares a report with a budget. @throws UsageError where the report has no such entry or figure */
export function check(expectation: Expectation, report: Report): Outcome {
  const actual = figure(expectation, report);
  return { expectation, actual, holds: operators[expectation.operator](actual, expectation.bound) };
}

/** One sentence for people and logs. */
export function outcomeText({ expectation, actual, holds }: Outcome): string {
  const name = expectation.entry === null ? expectation.metric : `${expectation.entry}.${expectation.metric}`;
  return `${holds ? 'holds' : 'FAILS'}: ${expectation.text} (${name} is ${actual})`;
}

function figure({ text, entry, metric }: Expectation, report: Report): number {
  if (entry === null) {
    switch (metric) {
      case 'kernels':
      case 'peakBytes':
      case 'lowerBoundBytes':
        return report[metric];
      case 'peakRatio':
        return report.peakBytes / report.lowerBoundBytes;
      default:
        throw new UsageError(
          `--expect ${JSON.stringify(text)}: the program has ${listed(programMetrics)}; an entry, as in ${Object.keys(report.entries)[0]}.dispatches, has ${listed(entryMetrics)}`,
        );
    }
  }
  const found = Object.hasOwn(report.entries, entry) ? report.entries[entry] : undefined;
  if (found === undefined) {
    throw new UsageError(
      `--expect ${JSON.stringify(text)}: there is no entry ${JSON.stringify(entry)}; there are ${listed(Object.keys(report.entries))}`,
    );
  }
  switch (metric) {
    case 'dispatches':
    case 'kernels':
      return found[metric].length;
    case 'flops':
    case 'bytes':
      return found[metric];
    default:
      throw new UsageError(`--expect ${JSON.stringify(text)}: an entry has ${listed(entryMetrics)}`);
  }
}

function isOperator(text: string | undefined): text is Operator {
  return text !== undefined && Object.hasOwn(operators, text);
}
