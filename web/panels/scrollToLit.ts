import type { EditorView } from '@codemirror/view';
import type { Lines } from './litLines.ts';

/** Looks that are enough: where a text is not laid out yet, it cannot be scrolled as far as it must be. */
const LOOKS = 4;

/** Scrolls the text, and nothing around it, to the first line that is lit, unless one is in sight. */
export function scrollToLit(view: EditorView, lines: Lines, looks = LOOKS): void {
  const { lit, picked } = lines;
  const wanted = picked === undefined ? [...lit] : [picked];
  const first = Math.min(...wanted.filter((line) => line >= 1 && line <= view.state.doc.lines));
  if (!Number.isFinite(first)) return;
  view.requestMeasure({
    read: () => {
      const { scrollTop, clientHeight } = view.scrollDOM;
      const tops = wanted
        .filter((line) => line >= 1 && line <= view.state.doc.lines)
        .map((line) => view.lineBlockAt(view.state.doc.line(line).from));
      const isInSight = tops.some(
        ({ top, bottom }) => top >= scrollTop && bottom <= scrollTop + clientHeight,
      );
      const top = view.lineBlockAt(view.state.doc.line(first).from).top;
      return isInSight ? undefined : Math.max(0, top - clientHeight / 4);
    },
    write: (top) => {
      if (top === undefined) return;
      view.scrollDOM.scrollTop = top;
      if (looks > 1) scrollToLit(view, lines, looks - 1);
    },
  });
}
