import './linked.css';
import { useSignal } from '@preact/signals';
import { Choices } from './choices.tsx';
import { Detail } from './detail.tsx';
import { Divider } from './divider.tsx';
import { GraphPanel } from './graph.tsx';
import { Kernel } from './kernel.tsx';
import type { PanelProps } from './selection.ts';
import { Source } from './source.tsx';
import { Why } from './why.tsx';

const panels = [
  { id: 'source', title: 'Source' },
  { id: 'graph', title: 'Graph' },
  { id: 'kernel', title: 'Kernel' },
] as const;

/** Percent of the width that source and kernel take each, where all three are beside one another; the graph takes the rest. */
const SIDE = 31;

/**
 * The user's source, the graph and the kernels' code, linked: what is picked in one lights up in the others. Beside one another
 * where there is room, else one at a time.
 */
export function Linked({ look, selection }: PanelProps) {
  const shown = useSignal<(typeof panels)[number]['id']>('graph');
  const source = useSignal(SIDE);
  const kernel = useSignal(SIDE);
  return (
    <div class="linked" style={{ '--source': `${source.value}%`, '--kernel': `${kernel.value}%` }}>
      <fieldset class="switch">
        <legend class="visually-hidden">Panel</legend>
        <Choices choices={panels} chosen={shown} />
      </fieldset>
      <section class={`panel source${shown.value === 'source' ? ' shown' : ''}`} aria-label="Source">
        <Source look={look} selection={selection} />
      </section>
      <Divider side="left" label="Width of the source" share={source} usual={SIDE} />
      <section class={`panel middle${shown.value === 'graph' ? ' shown' : ''}`} aria-label="Graph">
        <GraphPanel look={look} selection={selection} />
      </section>
      <Divider side="right" label="Width of the kernel" share={kernel} usual={SIDE} />
      <section class={`panel kernel${shown.value === 'kernel' ? ' shown' : ''}`} aria-label="Kernel">
        <Kernel look={look} selection={selection} />
      </section>
      <div class={`below${selection.second.value === undefined ? '' : ' two'}`}>
        <Detail look={look} selection={selection} />
        <Why look={look} selection={selection} />
      </div>
    </div>
  );
}
