import { useRef, useState } from 'preact/hooks';
import type { Modifiers } from './select.ts';

/** Marks of a chart that a person may point at, go through and pick. */
export interface MarksOptions {
  readonly count: number;
  /** What a chart's marks are, for those who hear it. */
  readonly label: string;
  /** What a mark says: all that a look at it tells. */
  readonly tell: (mark: number) => string;
  readonly isPicked: (mark: number) => boolean;
  readonly pick: (mark: number, event: Modifiers) => void;
}

/**
 * The marks of a chart as one stop of the keyboard: arrows, Home and End go through them, Enter picks. What is pointed at, or
 * has the focus, is `told`.
 */
export function useMarks({ count, label, tell, isPicked, pick }: MarksOptions) {
  const group = useRef<SVGGElement>(null);
  const [current, setCurrent] = useState(0);
  const [hovered, setHovered] = useState<number | undefined>(undefined);
  const [focused, setFocused] = useState<number | undefined>(undefined);
  const stop = Math.min(current, Math.max(0, count - 1));
  const go = (mark: number): void => {
    setCurrent(mark);
    group.current?.querySelector<SVGElement>(`[data-mark="${mark}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = {
      ArrowRight: stop + 1,
      ArrowDown: stop + 1,
      ArrowLeft: stop - 1,
      ArrowUp: stop - 1,
      Home: 0,
      End: count - 1,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      go(Math.max(0, Math.min(count - 1, to)));
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      pick(stop, event);
    }
  };
  return {
    told: hovered ?? focused,
    /** Attributes of the element around the marks. */
    group: { ref: group, role: 'listbox', 'aria-label': label, onKeyDown } as const,
    /** Attributes of a mark. */
    mark: (mark: number) =>
      ({
        role: 'option',
        'aria-selected': isPicked(mark),
        'aria-label': tell(mark),
        'data-mark': mark,
        tabIndex: mark === stop ? 0 : -1,
        onClick: (event: MouseEvent) => {
          setCurrent(mark);
          pick(mark, event);
        },
        onFocus: () => setFocused(mark),
        onBlur: () => setFocused(undefined),
        onPointerEnter: () => setHovered(mark),
        onPointerLeave: () => setHovered(undefined),
      }) as const,
  };
}
