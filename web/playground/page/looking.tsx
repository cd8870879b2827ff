import { type Signal, useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { Look } from '../../../src/inspect/look.ts';
import { newSelection } from '../../panels/select.ts';
import type { PanelProps, Selection } from '../../panels/selection.ts';
import { messageOf } from '../messageOf.ts';
import { Guarded } from './guarded.tsx';
import type { Player } from './player.ts';

/** What the compiler made of the model that runs: the panels of the report, which follow each compilation. */
export function Looking(props: {
  readonly player: Player;
  /** Is set to what is picked in the panels, for as long as they are there. */
  readonly selection: Signal<Selection | undefined>;
}) {
  const { player } = props;
  const look = player.opened.value?.look;
  const panels = useSignal<{ readonly Panels: ComponentType<PanelProps> } | undefined>(undefined);
  useSignalEffect(() => {
    // Layout and charts are loaded once there is something to lay out.
    if (player.opened.value === undefined || panels.peek() !== undefined) return;
    void import('../../panels/panels.tsx').then(
      (loaded) => {
        panels.value = loaded;
      },
      (error: unknown) =>
        player.notice('error', `What the compiler made cannot be shown: ${messageOf(error)}`),
    );
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
        <Guarded name="What the compiler made">
          <Shown look={look} Panels={panels.value.Panels} shared={props.selection} />
        </Guarded>
      )}
    </section>
  );
}

function Shown(props: {
  readonly look: Look;
  readonly Panels: ComponentType<PanelProps>;
  readonly shared: Signal<Selection | undefined>;
}) {
  const { look, Panels, shared } = props;
  const shown = useSignal(look);
  shown.value = look;
  const selection = useMemo(() => newSelection(shown), [shown]);
  useEffect(() => {
    shared.value = selection;
    return () => {
      shared.value = undefined;
    };
  }, [shared, selection]);
  return <Panels look={look} selection={selection} />;
}
