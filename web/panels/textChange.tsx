import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import './charts.css';
import { Choices } from './choices.tsx';
import { type DiffLine, differenceOf, type Fold, folded } from './differences.ts';
import { countOf, countText } from './figures.ts';
import { More, usePaged } from './paged.tsx';
import { Scroller } from './scroller.tsx';

/** Lines that are shown at first. */
const PAGE = 400;
/** Longer lines are cut on the page, not in what is saved. */
const LONGEST = 2000;

type Shown = 'difference' | 'before' | 'after';

/** A text before and after: what differs, or either of them whole. */
export function TextChange(props: {
  readonly before: string;
  readonly after: string;
  readonly beforeName: string;
  readonly afterName: string;
  /** What the two are called to choose between them; by default *Before* and *After*. */
  readonly titles?: readonly [string, string];
  /** Whether the two are of one language: else little of them is alike, and the text after is shown first. */
  readonly isSameLanguage: boolean;
}) {
  const { before, after, beforeName, afterName, isSameLanguage, titles = ['Before', 'After'] } = props;
  const choices = choicesOf(before, after, titles);
  const shown = useSignal<Shown>(
    isSameLanguage && choices.length > 1 ? 'difference' : after === '' ? 'before' : 'after',
  );
  const text = shown.value === 'before' ? before : after;
  return (
    <div class="change">
      <fieldset class="segments">
        <legend class="visually-hidden">What of the text</legend>
        <Choices choices={choices} chosen={shown} />
        <SaveText text={text} name={shown.value === 'before' ? beforeName : afterName} />
      </fieldset>
      {shown.value === 'difference' ? (
        <DifferenceText before={before} after={after} names={[beforeName, afterName]} />
      ) : (
        <WholeText text={text} name={shown.value === 'before' ? beforeName : afterName} />
      )}
    </div>
  );
}

/** What there is to see of two texts, of which one may be empty. */
function choicesOf(
  before: string,
  after: string,
  [was, is]: readonly [string, string],
): readonly { readonly id: Shown; readonly title: string }[] {
  if (before === '') return [{ id: 'after', title: is }];
  if (after === '') return [{ id: 'before', title: was }];
  return [
    { id: 'difference', title: 'Difference' },
    { id: 'before', title: was },
    { id: 'after', title: is },
  ];
}

/** What differs between two texts; what is equal is folded away, and opens by a press. */
export function DifferenceText(props: {
  readonly before: string;
  readonly after: string;
  readonly names: readonly [string, string];
}) {
  const { before, after, names } = props;
  const difference = useMemo(() => differenceOf(before, after), [before, after]);
  const folds = useMemo(() => folded(difference.lines), [difference]);
  const open = useSignal<ReadonlySet<number>>(new Set());
  const rows = rowsOf(folds, open.value);
  const paged = usePaged(rows, PAGE);
  const { added, removed, isShortest } = difference;
  if (added + removed === 0) return <p class="change-note soft">The two are equal.</p>;
  return (
    <>
      <p class="change-note soft">
        {countOf(removed, 'line')} removed and {countText(added)} added from {names[0]} to {names[1]}.
        {isShortest ? '' : ' The two have little in common: parts are shown as removed and added whole.'}
      </p>
      <Lines label={`What differs between ${names[0]} and ${names[1]}`}>
        {paged.shown.map((row) =>
          row.kind === 'fold' ? (
            <button
              key={`fold ${row.fold}`}
              type="button"
              class="fold"
              onClick={() => {
                open.value = new Set([...open.value, row.fold]);
              }}
            >
              {countText(row.count)} equal lines
            </button>
          ) : (
            <Line key={`${row.fold} ${row.at}`} line={row.line} />
          ),
        )}
      </Lines>
      <More paged={paged} noun="lines" />
    </>
  );
}

type Row =
  | { readonly kind: 'line'; readonly fold: number; readonly at: number; readonly line: DiffLine }
  | { readonly kind: 'fold'; readonly fold: number; readonly count: number };

function rowsOf(folds: readonly Fold[], open: ReadonlySet<number>): Row[] {
  return folds.flatMap(({ kind, lines }, fold): Row[] =>
    kind === 'folded' && !open.has(fold)
      ? [{ kind: 'fold', fold, count: lines.length }]
      : lines.map((line, at) => ({ kind: 'line', fold, at, line })),
  );
}

function Line({ line }: { readonly line: DiffLine }) {
  const sign = { same: ' ', removed: '−', added: '+' }[line.kind];
  return (
    <div class={`line ${line.kind}`}>
      <span class="line-number">{line.kind === 'added' ? '' : line.before}</span>
      <span class="line-number">{line.kind === 'removed' ? '' : line.after}</span>
      <span class="line-sign">{sign}</span>
      <span class="line-text">
        {line.kind === 'same' ? cut(line.text) : marked(cut(line.text), line.marks)}
      </span>
    </div>
  );
}

function marked(
  text: string,
  marks: readonly { readonly from: number; readonly to: number }[],
): ComponentChildren {
  if (marks.length === 0) return text;
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const { from, to } of marks) {
    parts.push(text.slice(at, from), <mark key={from}>{text.slice(from, to)}</mark>);
    at = to;
  }
  return [...parts, text.slice(at)];
}

/** A text, a page of its lines at a time. */
export function WholeText({ text, name }: { readonly text: string; readonly name: string }) {
  const lines = useMemo(() => text.replace(/\n$/, '').split('\n'), [text]);
  const paged = usePaged(lines, PAGE);
  return (
    <>
      <Lines label={`Text ${name}`}>
        {paged.shown.map((line, k) => (
          <div key={k} class="line same">
            <span class="line-number">{k + 1}</span>
            <span class="line-text">{cut(line)}</span>
          </div>
        ))}
      </Lines>
      <More paged={paged} noun="lines" />
    </>
  );
}

function Lines({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <Scroller class="lines" label={label}>
      <div class="lines-inner">{children}</div>
    </Scroller>
  );
}

function cut(line: string): string {
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

/** Saves a text as a file: however long it is, it is whole there. */
function SaveText({ text, name }: { readonly text: string; readonly name: string }) {
  return (
    <button
      type="button"
      class="button quiet"
      onClick={() => {
        const link = document.createElement('a');
        link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
        link.download = `${name.replaceAll(/[^\w.-]+/g, '-')}.txt`;
        link.click();
        URL.revokeObjectURL(link.href);
      }}
    >
      Save the text
    </button>
  );
}
