import type { Signal } from '@preact/signals';

/** Parts of the width, in percent, that a column may take; arrow keys change them by so many. */
const [LEAST, MOST, STEP] = [15, 42, 2];

/**
 * The line between a column at a side and what is beside it: it moves by drag, by arrow keys, Home and End, and goes back by a double
 * click. It lies in the gap, as a child of the columns' grid.
 */
export function Divider({
  side,
  label,
  share,
  usual,
}: {
  /** Where the column stands whose width it changes. */
  readonly side: 'left' | 'right';
  readonly label: string;
  /** Percent of the grid's width that the column takes. */
  readonly share: Signal<number>;
  readonly usual: number;
}) {
  const set = (to: number): void => {
    share.value = Math.min(MOST, Math.max(LEAST, to));
  };
  const drag = (event: PointerEvent): void => {
    const divider = event.currentTarget;
    if (!(divider instanceof HTMLElement) || !divider.hasPointerCapture(event.pointerId)) return;
    const grid = divider.parentElement?.getBoundingClientRect();
    if (grid === undefined) return;
    const taken = side === 'left' ? event.clientX - grid.left : grid.right - event.clientX;
    set((100 * taken) / grid.width);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const wider = side === 'left' ? 'ArrowRight' : 'ArrowLeft';
    const narrower = side === 'left' ? 'ArrowLeft' : 'ArrowRight';
    const to = {
      [wider]: share.value + STEP,
      [narrower]: share.value - STEP,
      Home: LEAST,
      End: MOST,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    set(to);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an hr cannot be moved; one with a value and a focus is this role
    <div
      class={`divider ${side}`}
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      aria-valuenow={Math.round(share.value)}
      aria-valuetext={`${Math.round(share.value)} percent`}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onDblClick={() => set(usual)}
    />
  );
}
