import { useSignal } from '@preact/signals';
import type { Look } from '../../src/inspect/look.ts';
import type { DispatchReport, EntryReport, KernelReport } from '../../src/inspect/report.ts';
import './charts.css';
import { bytesText, countOf, flopsText, microsText, ratioText } from './figures.ts';
import { FoldHead } from './foldHead.tsx';
import { kernelOf, type Match, matchDispatches } from './matching.ts';
import { More, usePaged } from './paged.tsx';
import { DispatchMark } from './picks.tsx';
import type { Selection } from './selection.ts';
import { TextChange } from './textChange.tsx';

/** Pairs that are shown at first, and more each time. */
const PAGE = 60;

const words = {
  same: { sign: '=', text: 'same' },
  changed: { sign: '~', text: 'changed' },
  added: { sign: '+', text: 'added' },
  removed: { sign: '−', text: 'removed' },
} satisfies Record<Match['kind'], { readonly sign: string; readonly text: string }>;

/** Dispatches of an entry in two looks, paired: which stayed, changed, came and went. Each opens to its kernel's code. */
export function CompareDispatches(props: {
  readonly before: Look;
  readonly after: Look;
  readonly selection: Selection;
}) {
  const entry = props.selection.entry.value;
  const before = props.before.report.entries[entry];
  const after = props.after.report.entries[entry];
  if (before === undefined || after === undefined) return null;
  return <Pairs key={entry} before={before} after={after} />;
}

function Pairs({ before, after }: { readonly before: EntryReport; readonly after: EntryReport }) {
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
          {countOf(count('changed'), 'dispatch', 'dispatches')} changed, {count('added')} added,{' '}
          {count('removed')} removed, {count('same')} the same. Open one for its kernel's code.
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
            <Pair key={JSON.stringify(match)} {...{ match, before, after }} />
          ))}
        </ol>
      )}
      <More paged={paged} noun="dispatches" />
    </section>
  );
}

function Pair(props: { readonly match: Match; readonly before: EntryReport; readonly after: EntryReport }) {
  const { match, before, after } = props;
  const isOpen = useSignal(false);
  const was = match.kind === 'added' ? undefined : before.dispatches[match.before];
  const is = match.kind === 'removed' ? undefined : after.dispatches[match.after];
  const { sign, text } = words[match.kind];
  return (
    <li class={`pass pair is-${match.kind}`}>
      <FoldHead isOpen={isOpen}>
        <span class="verdict">
          <span aria-hidden="true">{sign}</span> {text}
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
          <span class="soft">was {was.name}</span>
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
          <Code was={was && kernelOf(before, was)} is={is && kernelOf(after, is)} />
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
      <s class="soft">{text(was)}</s> {text(is)}{' '}
      <b class={is < was ? 'is-gain' : 'is-loss'}>{ratioText(is / was)}</b>
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
}: {
  readonly was: KernelReport | undefined;
  readonly is: KernelReport | undefined;
}) {
  return (
    <TextChange
      before={was?.code ?? ''}
      after={is?.code ?? ''}
      beforeName="before"
      afterName="after"
      isSameLanguage={was?.language === is?.language}
    />
  );
}
