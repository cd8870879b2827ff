import type { ComponentType } from 'preact';
import { Linked } from './linked.tsx';
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
  { id: 'time', title: 'Time', panel: Timeline },
] as const satisfies readonly Area[];
