import type { ComponentType } from 'preact';
import { Buffers } from './buffers.tsx';
import { Linked } from './linked.tsx';
import { Passes } from './passes.tsx';
import { Costs } from './roofline.tsx';
import type { PanelProps } from './selection.ts';
import { Timeline } from './timeline.tsx';

/** One of the areas of a page that shows a look: only the one that is open is there. */
export interface Area {
  /** As links name it. */
  readonly id: string;
  readonly title: string;
  readonly panel: ComponentType<PanelProps>;
}

/** What a look is shown as, in the order of the tabs. */
export const areas = [
  { id: 'graph', title: 'Graph', panel: Linked },
  { id: 'passes', title: 'Passes', panel: Passes },
  { id: 'time', title: 'Time', panel: Timeline },
  { id: 'memory', title: 'Memory', panel: Buffers },
  { id: 'cost', title: 'Cost', panel: Costs },
] as const satisfies readonly Area[];
