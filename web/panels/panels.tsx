import { type Signal, useSignal } from '@preact/signals';
import './theme.css';
import './shell.css';
import { type Area, type AreaProps, areas } from './areas.tsx';
import { firstEntry, hasEntry } from './select.ts';
import { Tabs, tabPanel } from './tabs.tsx';

/**
 * All that there is to see of a look, by tabs. It fits into a column of whatever width, and takes another look at any time.
 *
 * @param tab which is open, where that is to be known outside
 */
export function Panels({ look, selection, pair, tab }: AreaProps & { readonly tab?: Signal<string> }) {
  const own = useSignal<string>(areas[0].id);
  const open = tab ?? own;
  const there = areas.filter((area: Area) => area.isOfPair !== true || pair !== undefined);
  const area = there.find(({ id }) => id === open.value) ?? areas[0];
  // A look that follows another may lack the entry that was shown.
  if (!hasEntry(look, selection.entry.value)) selection.entry.value = firstEntry(look);
  return (
    <div class="panels">
      <Tabs
        name="area"
        label="What to look at"
        tabs={there}
        chosen={area.id}
        choose={(id) => {
          open.value = id;
        }}
      />
      <div class="area" {...tabPanel('area', area.id)}>
        <area.panel look={look} selection={selection} {...(pair === undefined ? {} : { pair })} />
      </div>
    </div>
  );
}
