import { useSignal } from '@preact/signals';
import type { Look } from '../../src/inspect/look.ts';
import type { DispatchReport, EntryReport, KernelReport } from '../../src/inspect/report.ts';
import './charts.css';
import { changeClass } from './changeClass.ts';
import { bytesText, flopsText, microsText, ratioText } from './figures.ts';
import { FoldHead } from './foldHead.tsx';
import { kernelOf, type Match, matchDispatches } from './matching.ts';
import { More, usePaged } from './paged.tsx';
import { DispatchMark } from './picks.tsx';
import type { Selection } from './selection.ts';
import { TextChange } from './textChange.tsx';

/** Pairs that are shown at first, and more each time. */
const PAGE = 60;

/** What two reports are called, before and after. */
type Names = readonly [string, string];

/** What two are called that differ by an edit alone. */
export const EDIT: Names = ['before', 'after'];

function isOfEdit([before, after]: Names): boolean {
  return before === EDIT[0] && after === EDIT[1];
}

const signs = { same: '=', changed: '~', added: '+', removed: '−' } satisfies Record<Match['kind'], string>;

const kinds = ['changed', 'added', 'removed', 'same'] as const satisfies readonly Match['kind'][];

/** What became of a dispatch: of two targets, or two models, neither was there first. */
function wordOf(kind: Match['kind'], names: Names): string {
  const [before, after] = names;
  const isEdit = isOfEdit(names);
  switch (kind) {
    case 'same':
      return 'same';
    case 'changed':
      return isEdit ? 'changed' : 'different';
    case 'added':
      return isEdit ? 'added' : `${after} only`;
    case 'removed':
      return isEdit ? 'removed' : `${before} only`;
    default:
      return kind satisfies never;
  }
}

/** Dispatches of an entry in two looks, paired: which stayed, changed, came and went. Each opens to its kernel's code. */
export function CompareDispatches(props: {
  readonly before: Look;
  readonly after: Look;
  readonly names: Names;
  readonly selection: Selection;
}) {
  const entry = props.selection.entry.value;
  const before = props.before.report.entries[entry];
  const after = props.after.report.entries[entry];
  if (before === undefined || after === undefined) return null;
  return <Pairs key={entry} before={before} after={after} names={props.names} />;
}

interface TwoEntries {
  readonly before: EntryReport;
  readonly after: EntryReport;
  readonly names: Names;
}

function Pairs({ before, after, names }: TwoEntries) {
  const isAll = useSignal(false);
  const matches = matchDispatches(before, after);
  const some = isAll.value ? matches : matches.filter(({ kind }) => kind !== 'same');
  const paged = usePaged(some, PAGE);
  const count = (kind: Match['kind']): number => matches.filter((match) => match.kind === kind).length;
  return (
    <section class="card">
      <div class="section-head">
        <h2>Dispatches</h2>
        <p class="soft">
          {kinds.map((kind) => `${count(kind)} ${wordOf(kind, names)}`).join(', ')}. Open one for its kernel's
          code.
        </p>
        <div class="chart-tools">
          <label class="choice">
            <input
              type="checkbox"
              checked={isAll.value}
              onChange={(event) => {
                isAll.value = event.currentTarget.checked;
              }}
            />
            those that are the same too
          </label>
        </div>
      </div>
      {some.length === 0 ? (
        <p class="change-note none soft">No dispatch changed.</p>
      ) : (
        <ol class="pass-list">
          {paged.shown.map((match) => (
            <Pair key={JSON.stringify(match)} {...{ match, before, after, names }} />
          ))}
        </ol>
      )}
      <More paged={paged} noun="dispatches" />
    </section>
  );
}

function Pair(props: TwoEntries & { readonly match: Match }) {
  const { match, before, after, names } = props;
  const isOpen = useSignal(false);
  const was = match.kind === 'added' ? undefined : before.dispatches[match.before];
  const is = match.kind === 'removed' ? undefined : after.dispatches[match.after];
  return (
    <li class={`pass pair is-${match.kind}`}>
      <FoldHead isOpen={isOpen}>
        <span class="verdict">
          <span aria-hidden="true">{signs[match.kind]}</span> {wordOf(match.kind, names)}
        </span>
        {match.kind !== 'added' && match.kind !== 'removed' && match.before !== match.after && (
          <>
            <DispatchMark dispatch={match.before} />
            {'→'}
          </>
        )}
        <DispatchMark dispatch={match.kind === 'removed' ? match.before : match.after} />
        <span class="pass-name">{is?.name ?? was?.name}</span>
        {was !== undefined && is !== undefined && was.name !== is.name && (
          <span class="soft">
            {isOfEdit(names) ? 'was' : `${names[0]}:`} {was.name}
          </span>
        )}
        <span class="pair-figures">
          <Change was={was?.predicted.micros} is={is?.predicted.micros} text={microsText} />
          <Change was={was?.flops} is={is?.flops} text={flopsText} />
          <Change was={was?.bytes} is={is?.bytes} text={bytesText} />
        </span>
      </FoldHead>
      {isOpen.value && (
        <div class="change">
          <Facts was={was} is={is} />
          <Code was={was && kernelOf(before, was)} is={is && kernelOf(after, is)} names={names} />
        </div>
      )}
    </li>
  );
}

/** A number before and after, with its ratio; one of them where the other is not there. */
function Change(props: {
  readonly was: number | undefined;
  readonly is: number | undefined;
  readonly text: (size: number) => string;
}) {
  const { was, is, text } = props;
  if (was === undefined || is === undefined) return <span>{text(is ?? was ?? 0)}</span>;
  if (text(was) === text(is)) return <span>{text(is)}</span>;
  return (
    <span>
      <s class="soft">{text(was)}</s> {text(is)} <b class={changeClass(was, is)}>{ratioText(is / was)}</b>
    </span>
  );
}

/** How the kernel runs, where that changed. */
function Facts(props: { readonly was: DispatchReport | undefined; readonly is: DispatchReport | undefined }) {
  const { was, is } = props;
  if (was === undefined || is === undefined) return null;
  const facts = [
    ['kind', was.kind, is.kind],
    ['workgroups or tasks', was.grid, is.grid],
    ['invocations of a workgroup', was.workgroup, is.workgroup],
    ['limited by', was.predicted.limit, is.predicted.limit],
    ['nodes', was.nodes.length, is.nodes.length],
  ].filter(([, before, after]) => before !== after);
  if (facts.length === 0) return null;
  return (
    <p class="change-note">
      {facts.map(([name, before, after]) => `${name}: ${before} → ${after}`).join('; ')}
    </p>
  );
}

function Code({
  was,
  is,
  names,
}: {
  readonly was: KernelReport | undefined;
  readonly is: KernelReport | undefined;
  readonly names: Names;
}) {
  return (
    <TextChange
      before={was?.code ?? ''}
      after={is?.code ?? ''}
      beforeName={names[0]}
      afterName={names[1]}
      {...(isOfEdit(names) ? {} : { titles: names })}
      isSameLanguage={was?.language === is?.language}
    />
  );
}
