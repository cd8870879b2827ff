import { type ReadonlySignal, type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Size, type View, zoomed } from './viewport.ts';

/** A window over a drawing that is moved by wheel, drag, pinch and keys. */
export interface Viewport {
  readonly window: RefObject<HTMLDivElement | null>;
  readonly view: Signal<View>;
  /** The window's size; 0 before it is there. */
  readonly size: ReadonlySignal<Size>;
  /** Whether the pointer that was let go last had moved: what it was let go on was not clicked. */
  readonly hasDragged: () => boolean;
  /** Nearer or further, about the middle. */
  readonly zoom: (factor: number) => void;
}

/** Pixels that a pointer moves before it drags. */
const SLACK = 4;

/** The window of a component. */
export function useViewport(): Viewport {
  const window = useRef<HTMLDivElement>(null);
  const view = useSignal<View>({ left: 0, top: 0, scale: 1 });
  const size = useSignal<Size>({ width: 0, height: 0 });
  const dragged = useRef(false);
  useEffect(() => {
    const element = window.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
    });
    observer.observe(element);
    const stop = listen(element, view, (moved) => {
      dragged.current = moved;
    });
    return () => {
      observer.disconnect();
      stop();
    };
  }, [view, size]);
  return {
    window,
    view,
    size,
    hasDragged: () => dragged.current,
    zoom: (factor) => {
      const { width, height } = size.peek();
      view.value = zoomed(view.peek(), factor, { x: width / 2, y: height / 2 });
    },
  };
}

function listen(element: HTMLElement, view: Signal<View>, onDragged: (moved: boolean) => void): () => void {
  const pointers = new Map<number, { x: number; y: number }>();
  let moved = 0;
  const pointOf = (event: { clientX: number; clientY: number }): { x: number; y: number } => {
    const { left, top } = element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    // A trackpad's pinch comes with Ctrl and small steps.
    const step = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    const speed = event.ctrlKey ? 0.01 : 0.0015;
    view.value = zoomed(view.peek(), Math.exp(-event.deltaY * step * speed), pointOf(event));
  };
  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, pointOf(event));
    if (pointers.size === 1) {
      moved = 0;
      onDragged(false);
    }
  };
  const move = (event: PointerEvent): void => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = pointOf(event);
    const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    const [other] = others;
    if (other !== undefined) {
      const distance = (p: { x: number; y: number }): number => Math.hypot(p.x - other.x, p.y - other.y);
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      view.value = zoomed(view.peek(), distance(now) / Math.max(1, distance(before)), middle);
      moved = SLACK + 1;
    }
    const { left, top, scale } = view.peek();
    const part = other === undefined ? 1 : 0.5;
    moved += Math.hypot(now.x - before.x, now.y - before.y);
    pointers.set(event.pointerId, now);
    if (moved <= SLACK) return;
    // Captured only now: a pointer that is captured clicks nothing.
    if (!element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId);
    onDragged(true);
    view.value = { scale, left: left + (now.x - before.x) * part, top: top + (now.y - before.y) * part };
  };
  const up = (event: PointerEvent): void => {
    pointers.delete(event.pointerId);
  };
  element.addEventListener('wheel', wheel, { passive: false });
  element.addEventListener('pointerdown', down);
  element.addEventListener('pointermove', move);
  element.addEventListener('pointerup', up);
  element.addEventListener('pointercancel', up);
  return () => {
    element.removeEventListener('wheel', wheel);
    element.removeEventListener('pointerdown', down);
    element.removeEventListener('pointermove', move);
    element.removeEventListener('pointerup', up);
    element.removeEventListener('pointercancel', up);
  };
}
