import { type Signal, useSignal } from '@preact/signals';
import type { LookDecision } from '../../src/inspect/look.ts';
import './charts.css';
import { countOf, countText, microsText } from './figures.ts';
import { More, usePaged } from './paged.tsx';
import { placesOf } from './places.ts';
import { pick } from './select.ts';
import type { PanelProps, Selection } from './selection.ts';
import { type Asked, decisionsAsked, movesOf, namesOf, nodeNames } from './weighed.ts';
import { wordsOfMove } from './words.ts';

/** Decisions that are shown at first, and more each time. */
const PAGE = 50;

/** Everything that fusion considered, done or not, with its price. */
export function Decisions({ look, selection }: PanelProps) {
  const move = useSignal('');
  const outcome = useSignal<Asked['outcome']>('all');
  const text = useSignal('');
  const order = useSignal<Asked['order']>('gain');
  const isOfPicked = useSignal(false);
  const entry = selection.entry.value;
  const { decisions } = placesOf(look, entry).entry;
  const isPicked = selection.picked.value !== undefined;
  const names = isOfPicked.value && isPicked ? namesOf(look, entry, selection.lit.value) : undefined;
  const found = decisionsAsked(decisions, {
    move: move.value,
    outcome: outcome.value,
    text: text.value,
    order: order.value,
    ...(names === undefined ? {} : { names }),
  });
  const taken = decisions.filter((decision) => decision.taken).length;
  return (
    <section class="card decisions">
      <div class="section-head">
        <h2>Decisions of fusion</h2>
        <p class="soft">
          {countOf(decisions.length, 'decision')} of {entry}: {countText(taken)} taken,{' '}
          {countText(decisions.length - taken)} refused. What time decided says what the step gains or loses
          by it.
        </p>
        <search class="chart-tools">
          <Choice
            label="Move"
            value={move}
            options={[
              { value: '', title: 'any' },
              ...movesOf(decisions).map(({ move: value, count }) => ({
                value,
                title: `${value} (${countText(count)})`,
              })),
            ]}
          />
          <Choice label="Outcome" value={outcome} options={outcomes} />
          <Choice label="Order" value={order} options={orders} />
          <label class="choice">
            <span>Words</span>
            <input
              type="search"
              class="field"
              placeholder="a name, a reason"
              value={text.value}
              onInput={(event) => {
                text.value = event.currentTarget.value;
              }}
            />
          </label>
          <label class="choice">
            <input
              type="checkbox"
              checked={isOfPicked.value}
              disabled={!isPicked}
              onChange={(event) => {
                isOfPicked.value = event.currentTarget.checked;
              }}
            />
            only of what is picked
          </label>
        </search>
        <p class="told" role="status">
          {found.length === decisions.length ? 'All are shown' : `${countOf(found.length, 'decision')} shown`}
          {isPicked ? '.' : '. Pick a node, a dispatch or a line to see those that concern it.'}
        </p>
      </div>
      <List
        key={`${entry} ${move.value} ${outcome.value} ${order.value} ${text.value} ${isOfPicked.value}`}
        {...{ look, selection, found }}
      />
    </section>
  );
}

const outcomes: readonly Option<Asked['outcome']>[] = [
  { value: 'all', title: 'any' },
  { value: 'taken', title: 'taken' },
  { value: 'refused', title: 'refused' },
];

const orders: readonly Option<Asked['order']>[] = [
  { value: 'gain', title: 'by gain' },
  { value: 'made', title: 'as made' },
];

interface Option<T extends string> {
  readonly value: T;
  readonly title: string;
}

/** A choice among some, kept in a signal. */
function Choice<T extends string>(props: {
  readonly label: string;
  readonly value: Signal<T>;
  readonly options: readonly Option<T>[];
}) {
  const { label, value, options } = props;
  return (
    <label class="choice">
      <span>{label}</span>
      <select
        class="select"
        value={value.value}
        onChange={(event) => {
          const chosen = options[event.currentTarget.selectedIndex];
          if (chosen !== undefined) value.value = chosen.value;
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.title}
          </option>
        ))}
      </select>
    </label>
  );
}

function List({ look, selection, found }: PanelProps & { readonly found: readonly LookDecision[] }) {
  const paged = usePaged(found, PAGE);
  const nodes = nodeNames(look, selection.entry.value);
  const most = largestGain(found);
  if (found.length === 0) return <p class="change-note none soft">No decision is like that.</p>;
  return (
    <>
      <ol class="decision-list">
        {paged.shown.map((decision) => (
          <Decision
            key={`${decision.move} ${decision.from} ${decision.to} ${decision.taken}`}
            {...{ decision, nodes, selection, most }}
          />
        ))}
      </ol>
      <More paged={paged} noun="decisions" />
    </>
  );
}

function Decision(props: {
  readonly decision: LookDecision;
  readonly nodes: ReadonlyMap<string, number>;
  readonly selection: Selection;
  readonly most: number;
}) {
  const { decision, nodes, selection, most } = props;
  const { move, from, to, taken, text, gain } = decision;
  return (
    <li class={`decision ${taken ? 'is-taken' : 'is-refused'}`}>
      <span class="verdict">
        <span aria-hidden="true">{taken ? '✓' : '✗'}</span> {taken ? 'taken' : 'refused'}
      </span>
      <span class="tag level" title={wordsOfMove(move)}>
        {move}
      </span>
      <span class="decision-names">
        <Names names={from} nodes={nodes} selection={selection} />
        {from !== to && (
          <>
            {' → '}
            <Names names={to} nodes={nodes} selection={selection} />
          </>
        )}
      </span>
      <span class="price">
        {gain !== undefined && (
          <>
            <span class={gain >= 0 ? 'is-gain' : 'is-loss'}>{gainText(gain)}</span>
            <span class="gain-bar" aria-hidden="true">
              <span
                class={gain >= 0 ? 'is-gain' : 'is-loss'}
                style={{ width: `${(50 * Math.min(1, Math.abs(gain) / most)).toFixed(2)}%` }}
              />
            </span>
          </>
        )}
      </span>
      <p class="decision-text">{text}</p>
    </li>
  );
}

/** Names, of which those of nodes pick them; several stand with commas between. */
function Names(props: {
  readonly names: string;
  readonly nodes: ReadonlyMap<string, number>;
  readonly selection: Selection;
}) {
  const { names, nodes, selection } = props;
  return (
    <>
      {names.split(', ').map((name) => {
        const id = nodes.get(name);
        return id === undefined ? (
          <code key={name}>{name} </code>
        ) : (
          <button
            key={name}
            type="button"
            class="pick"
            aria-pressed={selection.lit.value.nodes.has(id)}
            onClick={(event) => pick(selection, { kind: 'node', id }, event)}
          >
            {name}
          </button>
        );
      })}
    </>
  );
}

/**
 * The gain whose bar is the longest: the largest that the step has. What was refused may cost a thousand times as much, and its
 * bar is as long.
 */
function largestGain(decisions: readonly LookDecision[]): number {
  const largest = (gains: readonly number[]): number => gains.reduce((most, gain) => Math.max(most, gain), 0);
  const gains = decisions.map(({ gain }) => gain ?? 0);
  return largest(gains) || largest(gains.map(Math.abs)) || 1;
}

function gainText(gain: number): string {
  return gain === 0 ? 'no change' : `${gain > 0 ? 'saves' : 'costs'} ${microsText(Math.abs(gain))}`;
}
