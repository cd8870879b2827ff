import { useSignal, useSignalEffect } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Look } from '../../src/inspect/look.ts';
import { areas } from './areas.tsx';
import { Header } from './header.tsx';
import { hashOf, placeOf } from './link.ts';
import { Panels } from './panels.tsx';
import { newSelection } from './select.ts';

/** The page of a report: one look, or two to compare. The address says which place of it is shown. */
export function ReportPage({ looks }: { readonly looks: readonly Look[] }) {
  const [first] = looks;
  if (first === undefined) return <p role="alert">This report is empty: it holds no look.</p>;
  return <Report looks={[first, ...looks.slice(1)]} />;
}

function Report({ looks }: { readonly looks: readonly [Look, ...Look[]] }) {
  const look = useSignal(looks[0]);
  const place = useMemo(() => placeOf(location.hash, looks[0]), [looks]);
  const tab = useSignal<string>(place.tab ?? areas[0].id);
  const selection = useMemo(() => {
    const made = newSelection(look, place.entry);
    made.picked.value = place.picked;
    made.second.value = place.second;
    return made;
  }, [look, place]);
  useSignalEffect(() => {
    const hash = hashOf({
      entry: selection.entry.value,
      tab: tab.value,
      ...(selection.picked.value === undefined ? {} : { picked: selection.picked.value }),
      ...(selection.second.value === undefined ? {} : { second: selection.second.value }),
    });
    history.replaceState(null, '', `#${hash}`);
  });
  return (
    <div class="report">
      <Header looks={looks} look={look} selection={selection} />
      <main>
        <Panels look={look.value} selection={selection} tab={tab} {...pairOf(looks)} />
      </main>
    </div>
  );
}

/** The first look is what was asked for; what it is compared with was there before it. */
function pairOf([after, before]: readonly [Look, ...Look[]]): { readonly pair?: readonly [Look, Look] } {
  return before === undefined ? {} : { pair: [before, after] };
}
