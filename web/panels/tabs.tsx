import { useEffect, useRef } from 'preact/hooks';

/** A row of tabs and what the chosen one controls: arrow keys, Home and End go through them. */
export interface TabsProps {
  /** Makes the ids of a page's several rows unlike. */
  readonly name: string;
  readonly label: string;
  readonly tabs: readonly { readonly id: string; readonly title: string; readonly hint?: string }[];
  readonly chosen: string;
  readonly choose: (id: string) => void;
}

/** The row alone; what it controls has `tabPanel`'s attributes. */
export function Tabs({ name, label, tabs, chosen, choose }: TabsProps) {
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (row.current === null) return;
    // A link may open what is out of sight.
    showChosen(row.current);
    tellEnds(row.current);
  });
  useEffect(() => {
    const tablist = row.current;
    if (tablist === null) return;
    const observer = new ResizeObserver(() => tellEnds(tablist));
    observer.observe(tablist);
    return () => observer.disconnect();
  }, []);
  const go = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(({ id }) => id === chosen);
    const to = {
      ArrowRight: (at + 1) % tabs.length,
      ArrowLeft: (at + tabs.length - 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    }[event.key];
    const tab = to === undefined ? undefined : tabs[to];
    if (tab === undefined) return;
    event.preventDefault();
    choose(tab.id);
    row.current?.querySelectorAll<HTMLElement>('[role="tab"]')[to ?? 0]?.focus();
  };
  return (
    <div
      class="tabs"
      role="tablist"
      aria-label={label}
      ref={row}
      onKeyDown={go}
      onScroll={(event) => tellEnds(event.currentTarget)}
    >
      {tabs.map(({ id, title, hint }) => (
        <button
          key={id}
          type="button"
          role="tab"
          class="tab"
          id={`${name}-tab-${id}`}
          title={hint}
          aria-selected={id === chosen}
          aria-controls={`${name}-panel`}
          tabIndex={id === chosen ? 0 : -1}
          onClick={() => choose(id)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

/** At which ends a row goes on out of sight: there it fades. */
function tellEnds(row: HTMLElement): void {
  const { scrollLeft, scrollWidth, clientWidth } = row;
  const isMoreBefore = scrollLeft > 1;
  const isMoreAfter = scrollLeft + clientWidth < scrollWidth - 1;
  row.dataset.more = `${isMoreBefore ? 'before' : ''} ${isMoreAfter ? 'after' : ''}`.trim();
}

/** Scrolls the row alone, as little as shows the chosen tab. */
function showChosen(row: HTMLElement): void {
  const tab = row.querySelector('[aria-selected="true"]');
  if (tab === null) return;
  const [whole, part] = [row.getBoundingClientRect(), tab.getBoundingClientRect()];
  if (part.left < whole.left) row.scrollLeft -= whole.left - part.left + FADE;
  else if (part.right > whole.right) row.scrollLeft += part.right - whole.right + FADE;
}

/** Pixels at an end that fade, at most. */
const FADE = 40;

/** The attributes of what a row of tabs controls. */
export function tabPanel(name: string, chosen: string) {
  return {
    id: `${name}-panel`,
    role: 'tabpanel',
    'aria-labelledby': `${name}-tab-${chosen}`,
  } as const;
}
