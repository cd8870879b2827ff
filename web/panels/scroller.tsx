import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** A region that scrolls where its content is larger than it: there, and only there, it is a stop of the keyboard. */
export function Scroller(props: {
  readonly class: string;
  readonly label: string;
  readonly children: ComponentChildren;
}) {
  const place = useRef<HTMLElement>(null);
  // After each render, since more content changes no size of the region itself.
  useEffect(() => {
    if (place.current !== null) stopWhereItScrolls(place.current);
  });
  useEffect(() => {
    const region = place.current;
    if (region === null) return;
    const observer = new ResizeObserver(() => stopWhereItScrolls(region));
    observer.observe(region);
    return () => observer.disconnect();
  }, []);
  return (
    <section ref={place} class={props.class} aria-label={props.label}>
      {props.children}
    </section>
  );
}

function stopWhereItScrolls(region: HTMLElement): void {
  const scrolls = region.scrollHeight > region.clientHeight || region.scrollWidth > region.clientWidth;
  if (scrolls) region.tabIndex = 0;
  else region.removeAttribute('tabindex');
}
