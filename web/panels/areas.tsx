import type { ComponentType } from 'preact';
import type { Look } from '../../src/inspect/look.ts';
import { Buffers } from './buffers.tsx';
import { Compare } from './compare.tsx';
import { Decisions } from './decisions.tsx';
import { Linked } from './linked.tsx';
import { Passes } from './passes.tsx';
import { Costs } from './roofline.tsx';
import type { PanelProps } from './selection.ts';
import { Timeline } from './timeline.tsx';

/** What the areas of a page are given. */
export interface AreaProps extends PanelProps {
  /** The looks that are compared, before and after, where there are two. */
  readonly pair?: readonly [Look, Look];
}

/** One of the areas of a page that shows a look: only the one that is open is there. */
export interface Area {
  /** As links name it. */
  readonly id: string;
  readonly title: string;
  readonly panel: ComponentType<AreaProps>;
  /** Whether it is there only where two looks are. */
  readonly isOfPair?: true;
}

/** What a look is shown as, in the order of the tabs. */
export const areas = [
  { id: 'graph', title: 'Graph', panel: Linked },
  { id: 'passes', title: 'Passes', panel: Passes },
  { id: 'time', title: 'Time', panel: Timeline },
  { id: 'memory', title: 'Memory', panel: Buffers },
  { id: 'cost', title: 'Cost', panel: Costs },
  { id: 'decisions', title: 'Decisions', panel: Decisions },
  { id: 'compare', title: 'Compare', panel: ComparePair, isOfPair: true },
] as const satisfies readonly Area[];

function ComparePair({ pair, selection }: AreaProps) {
  if (pair === undefined) return null;
  const [before, after] = pair;
  return <Compare before={before} after={after} selection={selection} />;
}
