import { useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useErrorBoundary, useMemo } from 'preact/hooks';
import type { Look } from '../../../src/inspect/look.ts';
import { newSelection } from '../../panels/select.ts';
import type { PanelProps } from '../../panels/selection.ts';
import type { Player } from './player.ts';

/** What the compiler made of the model that runs: the panels of the report, which follow each compilation. */
export function Looking({ player }: { readonly player: Player }) {
  const look = player.opened.value?.look;
  const panels = useSignal<{ readonly Panels: ComponentType<PanelProps> } | undefined>(undefined);
  useSignalEffect(() => {
    // Layout and charts are loaded once there is something to lay out.
    if (player.opened.value === undefined || panels.peek() !== undefined) return;
    void import('../../panels/panels.tsx').then((loaded) => {
      panels.value = loaded;
    });
  });
  return (
    <section class="looking" id="look" aria-labelledby="look-title">
      <header>
        <h2 id="look-title">Look inside</h2>
        <p class="about soft">What the compiler made of this model: its graph, kernels, time and memory.</p>
      </header>
      {look === undefined || panels.value === undefined ? (
        <p class="soft card look-empty">Once a model has compiled, it is shown here.</p>
      ) : (
        <Shown look={look} Panels={panels.value.Panels} />
      )}
    </section>
  );
}

function Shown({ look, Panels }: { readonly look: Look; readonly Panels: ComponentType<PanelProps> }) {
  const shown = useSignal(look);
  shown.value = look;
  const selection = useMemo(() => newSelection(shown), [shown]);
  const [error, tryAgain] = useErrorBoundary();
  if (error !== undefined) {
    return (
      <div class="card look-empty" role="alert">
        <p>
          This cannot be shown: {error instanceof Error ? error.message : String(error)}. Training goes on.
        </p>
        <button type="button" class="button" onClick={tryAgain}>
          Try again
        </button>
      </div>
    );
  }
  return <Panels look={look} selection={selection} />;
}
