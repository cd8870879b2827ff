import type { Compilation } from '../compile.ts';
import type { Module, Node } from '../graph/index.ts';
import type { Loop } from '../loops/index.ts';
import { loopFlops } from '../passes/flops.ts';
import { type FormulaContext, sameValueBelow } from './formulaContext.ts';
import { type EntryInWords, inWords } from './formulas.ts';
import type { Access, Formula, LookDispatch, Role } from './look.ts';
import { lookDispatches } from './lookDispatches.ts';
import type { DispatchReport, Report } from './report.ts';

/** What a listing says of a dispatch, or of several that are alike. */
export interface ListingRow {
  /** Numbers of the dispatches, the first of which is described. */
  readonly numbers: readonly number[];
  readonly name: string;
  /** What its formulas are for, in the order of a step. */
  readonly roles: readonly Role[];
  /** Microseconds by the model, all of the dispatches together, and their parts of the step. */
  readonly micros: number;
  readonly timeShare: number;
  readonly flopsShare: number;
  readonly limit: string;
  /** The formulas of what it computes; of those that are alike one. */
  readonly formulas: readonly ListingFormula[];
  /** What it reads and writes, as `hidden[batch, 128]`. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** What earlier dispatches computed too, by its names. */
  readonly again: readonly string[];
  /** The user's lines, `model.ts:12,14`. */
  readonly source: string;
}

/** A formula, and the names of others that are like it. */
export interface ListingFormula {
  readonly text: string;
  readonly name: string;
  readonly role: Role;
  readonly alike: readonly string[];
  /** Floating-point operations of its loop. */
  readonly work: number;
}

/**
 * The dispatches of an entry as a listing says them: those that are alike, as layers are, in one row each, at the place of the first.
 *
 * @param context what the module's entries have in common
 * @param width characters of a formula at most
 */
export function listingRows(
  compilation: Compilation,
  entry: string,
  report: Report,
  context: FormulaContext,
  width: number,
): readonly ListingRow[] {
  const compiled = compilation.entries.get(entry);
  const dispatches = report.entries[entry]?.dispatches ?? [];
  if (compiled === undefined) throw new RangeError(`there is no entry ${entry}`);
  const words = inWords(compilation, entry, { context, width });
  const looks = lookDispatches(compilation, entry, report, context, words.formulas);
  const rows = looks.flatMap((look, k): ListingRow[] => {
    const dispatch = dispatches[k];
    const stage = compiled.stages[k];
    if (dispatch === undefined || stage === undefined) return [];
    const loops = stage.groups.flatMap((group) => [...group.prologue, ...group.loops]);
    return [rowOf(compilation.module, k, dispatch, look, words, loops)];
  });
  return joined(rows);
}

function rowOf(
  { graph }: Module,
  k: number,
  dispatch: DispatchReport,
  look: LookDispatch,
  words: EntryInWords,
  loops: readonly Loop[],
): ListingRow {
  const formulas = words.formulas[k] ?? [];
  const nodesOf = (ids: readonly number[]): Node[] => ids.flatMap((id) => graph.nodes[id] ?? []);
  const said = withoutAlike(formulas, new Map(loops.map((loop) => [loop.name, loopFlops(loop)])));
  const access = ({ tensor, type }: Access): string =>
    `${words.tensorNames.get(tensor) ?? tensor}${type.slice(type.indexOf('[')).replaceAll(/<=\d+/g, '')}`;
  return {
    numbers: [k],
    name: dispatch.name,
    roles: order.filter((role) => said.some((one) => one.role === role) || look.role === role),
    micros: dispatch.predicted.micros,
    timeShare: look.timeShare,
    flopsShare: look.flopsShare,
    limit: dispatch.predicted.limit,
    formulas: said,
    reads: look.reads.toSorted(isLarger).map(access),
    writes: look.writes.toSorted(isLarger).map(access),
    again: namesAgain(nodesOf(look.again), formulas, words),
    source: sourceText(nodesOf(look.computes)),
  };
}

const order: readonly Role[] = ['data', 'forward', 'backward', 'update'];

/** Tensors of more elements first. */
function isLarger(a: Access, b: Access): number {
  return sizeOf(b) - sizeOf(a);
}

function sizeOf({ type }: Access): number {
  return (type.match(/\d+(?=[\],])/g) ?? []).reduce((n, dim) => n * Number(dim), 1);
}

/** Formulas, those that differ in names alone together. */
function withoutAlike(
  formulas: readonly Formula[],
  work: ReadonlyMap<string, number>,
): readonly ListingFormula[] {
  const found = new Map<string, { first: Formula; alike: string[]; work: number }>();
  for (const formula of formulas) {
    const key = `${formula.role} ${shapeOfText(formula.text)}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { first: formula, alike: [], work: work.get(formula.name) ?? 0 });
    else known.alike.push(leftOf(formula.text));
  }
  return [...found.values()].map(({ first, alike, work }) => ({
    text: first.text,
    name: leftOf(first.text),
    role: first.role,
    alike,
    work,
  }));
}

/** A formula without its names: what is the same in those that are alike. */
function shapeOfText(text: string): string {
  return text.replaceAll(/[\p{L}_][\p{L}\p{N}_.]*(?: [\p{L}_][\p{L}\p{N}_.]*)*'?(?![\p{L}\p{N}_(])/gu, 'x');
}

/** What a formula gives. */
function leftOf(text: string): string {
  return text.split(' = ')[0] ?? text;
}

/** Rows of one kind together: their texts differ in numbers alone. */
function joined(rows: readonly ListingRow[]): readonly ListingRow[] {
  const found = new Map<string, ListingRow>();
  for (const row of rows) {
    const texts = row.formulas.map(({ text, alike }) => `${text} ${alike.length}`);
    const key = [...texts, row.limit, ...row.writes].join('\n').replaceAll(/\d+/g, '0');
    const known = found.get(key);
    found.set(key, known === undefined ? row : together(known, row));
  }
  return [...found.values()];
}

function together(a: ListingRow, b: ListingRow): ListingRow {
  return {
    ...a,
    numbers: [...a.numbers, ...b.numbers],
    micros: a.micros + b.micros,
    timeShare: a.timeShare + b.timeShare,
    flopsShare: a.flopsShare + b.flopsShare,
  };
}

/** Characters of a value that is computed again, at most: inner parts of a longer one are left out. */
const MOST_VALUE = 16;

/**
 * What is computed again: the formulas that it is all of, else the values that nothing else of it reads, `x/255`; casts and counts are
 * not worth a word.
 */
function namesAgain(
  nodes: readonly Node[],
  formulas: readonly Formula[],
  { write }: EntryInWords,
): readonly string[] {
  const again = new Set(nodes.map(({ id }) => id));
  const whole = formulas.filter(
    ({ nodes: own }) => own.some((id) => again.has(id)) && again.has(own.at(-1) ?? -1),
  );
  const told = new Set(whole.flatMap(({ nodes: own }) => own));
  const left = nodes.filter(({ id }) => !told.has(id));
  const here = new Set(left);
  const values = left.filter(({ op }) => op !== 'cast' && op !== 'extent');
  const read = new Set(values.flatMap(({ inputs }) => inputs.map(sameValueBelow)));
  const last = values.filter((node) => !read.has(node));
  return [
    ...new Set([
      ...whole.map(({ text }) => leftOf(text)),
      ...last.map((node) => node.label ?? write(node, here, MOST_VALUE) ?? node.op),
    ]),
  ];
}

/** Lines by file, `model.ts:12,14`. */
function sourceText(nodes: readonly Node[]): string {
  const byFile = new Map<string, Set<number>>();
  for (const { source } of nodes) {
    const found = /^(.*):(\d+)$/.exec(source ?? '');
    if (found === null) continue;
    const [, file = '', line] = found;
    byFile.set(file, (byFile.get(file) ?? new Set()).add(Number(line)));
  }
  return [...byFile]
    .map(([file, lines]) => `${file}:${[...lines].sort((a, b) => a - b).join(',')}`)
    .join(' ');
}
