import { type NodePlace, shareWords } from '../../src/inspect/apart.ts';
import type { LookDecision } from '../../src/inspect/look.ts';
import { microsText, signedText } from './figures.ts';
import { DispatchMark, nodeName } from './picks.tsx';
import { pick } from './select.ts';
import type { PanelProps, Picked } from './selection.ts';
import { whyApart } from './why.ts';

/** Why what was picked and what was picked beside it are not one: their places, the decisions between, the way from one to the other. */
export function Why({ look, selection }: PanelProps) {
  const [a, b] = [selection.picked.value, selection.second.value];
  if (a === undefined || b === undefined) return null;
  const entry = selection.entry.value;
  const apart = whyApart(look, entry, a, b);
  const [nameA, nameB] = [pickedName(look, a), pickedName(look, b)];
  return (
    <section class="why card" aria-label="Why are these two not one?" aria-live="polite">
      <h3>
        {apart?.share === 'nothing' ? 'Why are these two not one?' : 'What do these two share?'}
        <button
          type="button"
          class="button quiet"
          onClick={() => {
            selection.second.value = undefined;
          }}
        >
          Close
        </button>
      </h3>
      <p>
        <b class="first-pick">{nameA}</b> and <b class="second-pick">{nameB}</b>{' '}
        {apart === undefined ? `are not both computed by ${entry}.` : `${shareWords[apart.share]}.`}
      </p>
      {apart !== undefined && (
        <>
          <dl class="facts">
            <div>
              <dt>{nameA}</dt>
              <dd>
                <PlaceList places={apart.a} />
              </dd>
            </div>
            <div>
              <dt>{nameB}</dt>
              <dd>
                <PlaceList places={apart.b} />
              </dd>
            </div>
          </dl>
          {apart.dependence.length > 0 && (
            <>
              <h4>The later depends on the earlier</h4>
              <ol class="chain">
                {apart.dependence.map(({ from, tensor, to }) => (
                  <li key={`${from} ${tensor}`}>
                    <code>{to}</code> reads{' '}
                    <button
                      type="button"
                      class="pick"
                      onClick={() => pick(selection, { kind: 'buffer', name: tensor })}
                    >
                      {tensor}
                    </button>
                    , which <code>{from}</code> writes
                  </li>
                ))}
              </ol>
            </>
          )}
          <h4>What fusion decided</h4>
          {apart.decisions.length === 0 ? (
            <p class="soft">
              Nothing between the two was considered: no move joins what does not touch, and what they went
              into did not meet.
            </p>
          ) : (
            <ul class="decided">
              {[...apart.decisions].sort(byWeight).map((decision) => (
                <Decided
                  key={`${decision.move} ${decision.from} ${decision.to} ${decision.text}`}
                  {...decision}
                />
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  );
}

/** Refusals first: they answer the question; then what weighs most. */
function byWeight(a: LookDecision, b: LookDecision): number {
  return Number(a.taken) - Number(b.taken) || Math.abs(b.gain ?? 0) - Math.abs(a.gain ?? 0);
}

function Decided({ move, from, to, taken, text, gain }: LookDecision) {
  return (
    <li class={taken ? 'taken' : 'refused'}>
      <b>{taken ? '✓ done' : '✗ refused'}</b> {move} <code>{from}</code> → <code>{to}</code>
      {gain !== undefined && <span class="gain">{signedText(-gain, microsText)} a step</span>}
      <p>{text}</p>
    </li>
  );
}

/** As many places as are named: of what is inlined there may be many. */
const NAMED = 6;

function PlaceList({ places }: { readonly places: readonly NodePlace[] }) {
  return (
    <ul class="places">
      {places.slice(0, NAMED).map(({ dispatch, kernel, group, loop }) => (
        <li key={`${dispatch} ${loop}`}>
          <DispatchMark dispatch={dispatch} /> <code>{kernel}</code>
          {group !== loop && (
            <>
              , group <code>{group}</code>
            </>
          )}
          , loop <code>{loop}</code>
        </li>
      ))}
      {places.length > NAMED && <li class="soft">and {places.length - NAMED} more places</li>}
    </ul>
  );
}

/** What a pick is called in a sentence. */
function pickedName(look: PanelProps['look'], picked: Picked): string {
  switch (picked.kind) {
    case 'node':
      return nodeName(look.nodes[picked.id], picked.id);
    case 'line':
      return `${picked.file}:${picked.line}`;
    case 'dispatch':
      return `dispatch ${picked.dispatch}`;
    case 'code':
      return `${picked.kernel}:${picked.line}`;
    case 'buffer':
      return picked.name;
    default:
      return picked satisfies never;
  }
}
