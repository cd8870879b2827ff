import { useSignal } from '@preact/signals';
import { logScale, numberText } from './figures.ts';
import type { Opened, Player } from './player.ts';

/** The run-time scalars of a model: each a slider and a box. A change holds from the next step on; nothing is compiled again. */
export function Scalars({ player, opened }: { readonly player: Player; readonly opened: Opened }) {
  if (opened.params.length === 0) return null;
  return (
    <fieldset class="scalars">
      <legend class="visually-hidden">Settings of the training</legend>
      {opened.params.map(({ name, value }) => (
        <Scalar
          key={name}
          name={name}
          initial={value}
          change={(next) => {
            player.setParam(name, next);
          }}
        />
      ))}
    </fieldset>
  );
}

function Scalar(props: {
  readonly name: string;
  readonly initial: number;
  readonly change: (value: number) => void;
}) {
  const { name, initial, change } = props;
  const value = useSignal(initial);
  const id = `scalar-${name}`;
  const title = nameText(name);
  // A logarithm needs a positive middle; what begins at 0 is a part of 1, as most are.
  const scale = initial > 0 ? logScale(initial) : undefined;
  const set = (next: number): void => {
    if (!Number.isFinite(next)) return;
    value.value = next;
    change(next);
  };
  return (
    <div class="scalar">
      <label for={id}>{title}</label>
      {initial >= 0 && (
        <input
          type="range"
          min="0"
          max="1"
          step="0.01"
          aria-label={`${title}, slider`}
          aria-valuetext={numberText(value.value)}
          value={scale === undefined ? value.value : scale.placeOf(value.value)}
          onInput={({ currentTarget }) => {
            const place = currentTarget.valueAsNumber;
            set(scale === undefined ? place : scale.valueAt(place));
          }}
        />
      )}
      <input
        id={id}
        class="field"
        type="number"
        step="any"
        value={value.value}
        onChange={({ currentTarget }) => set(currentTarget.valueAsNumber)}
      />
      <button
        type="button"
        class="button quiet"
        disabled={value.value === initial}
        title={`Back to ${initial}`}
        onClick={() => set(initial)}
      >
        <span aria-hidden="true">↺</span>
        <span class="visually-hidden">
          Set {title} back to {initial}
        </span>
      </button>
    </div>
  );
}

/** `lr` is what optimizers call it. */
function nameText(name: string): string {
  return /(^|[._/])lr$/.test(name) ? name.replace(/lr$/, 'learning rate') : name;
}
