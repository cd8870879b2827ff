import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

/** The head of what folds out below it: a button that says whether it is open. */
export function FoldHead({
  isOpen,
  children,
}: {
  readonly isOpen: Signal<boolean>;
  readonly children: ComponentChildren;
}) {
  return (
    <button
      type="button"
      class="pass-head"
      aria-expanded={isOpen.value}
      onClick={() => {
        isOpen.value = !isOpen.value;
      }}
    >
      <span class="chevron" aria-hidden="true">
        ▸
      </span>
      {children}
    </button>
  );
}
