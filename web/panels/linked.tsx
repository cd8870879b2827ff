import { Detail } from './detail.tsx';
import type { PanelProps } from './selection.ts';

/** The user's source, the graph and the kernels' code, linked: what is picked in one lights up in the others. */
export function Linked({ look, selection }: PanelProps) {
  return (
    <div class="linked">
      <Detail look={look} selection={selection} />
    </div>
  );
}
