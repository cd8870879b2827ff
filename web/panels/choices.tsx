import type { Signal } from '@preact/signals';

/** Buttons of which one is pressed: what is chosen. They stand in a fieldset of whoever shows them. */
export function Choices<Id extends string>({
  choices,
  chosen,
}: {
  readonly choices: readonly { readonly id: Id; readonly title: string }[];
  readonly chosen: Signal<Id>;
}) {
  return (
    <>
      {choices.map(({ id, title }) => (
        <button
          key={id}
          type="button"
          class="button"
          aria-pressed={chosen.value === id}
          onClick={() => {
            chosen.value = id;
          }}
        >
          {title}
        </button>
      ))}
    </>
  );
}
