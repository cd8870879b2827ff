import { useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Layout } from './layout.ts';
import type { Viewport } from './useViewport.ts';
import { movedTo, scaledInto, shownOf } from './viewport.ts';

/** The most room that it takes, in pixels. */
const ROOM = { width: 168, height: 128 } as const;

/**
 * All boxes, small, in a corner of the window, and which part of them is seen: a press moves the window there. It is there only
 * while something is out of sight, and for the pointer alone: keys move the drawing itself.
 */
export function Minimap({ layout, viewport }: { readonly layout: Layout; readonly viewport: Viewport }) {
  const scale = scaledInto(layout, ROOM);
  const boxes = useMemo(
    () =>
      layout.boxes.map(({ box, isOpen, x, y, width, height }) => (
        <rect
          key={box.key}
          class={`role-${box.role}${isOpen ? ' open' : ''}`}
          {...{ x, y, width, height }}
          rx={isOpen ? 8 : 0}
        />
      )),
    [layout],
  );
  const shown = useComputed(() => shownOf(viewport.view.value, viewport.size.value));
  const isWhole = useComputed(() => {
    const { x, y, width, height } = shown.value;
    return x <= 0 && y <= 0 && x + width >= layout.width && y + height >= layout.height;
  });
  const go = (event: PointerEvent & { readonly currentTarget: SVGSVGElement }): void => {
    // The window under it would drag.
    event.stopPropagation();
    if (event.type === 'pointerdown') event.currentTarget.setPointerCapture(event.pointerId);
    if (event.buttons === 0) return;
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const at = { x: (event.clientX - left) / scale, y: (event.clientY - top) / scale };
    viewport.view.value = movedTo(viewport.view.peek(), viewport.size.peek(), at);
  };
  if (isWhole.value) return null;
  const { x, y, width, height } = within(shown.value, layout);
  return (
    <svg
      class="minimap"
      width={layout.width * scale}
      height={layout.height * scale}
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      aria-hidden="true"
      onPointerDown={go}
      onPointerMove={go}
    >
      {boxes}
      <rect class="seen" {...{ x, y, width, height }} vector-effect="non-scaling-stroke" />
    </svg>
  );
}

/** The part of what is seen that is of the drawing. */
function within(shown: ReturnType<typeof shownOf>, { width, height }: Layout): ReturnType<typeof shownOf> {
  const [x, y] = [Math.max(0, shown.x), Math.max(0, shown.y)];
  return {
    x,
    y,
    width: Math.max(0, Math.min(width, shown.x + shown.width) - x),
    height: Math.max(0, Math.min(height, shown.y + shown.height) - y),
  };
}
