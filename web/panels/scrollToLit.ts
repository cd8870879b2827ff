import type { EditorView } from '@codemirror/view';
import type { Lines } from './litLines.ts';

/** Scrolls the text, and nothing around it, to the first line that is lit, unless one is in sight. */
export function scrollToLit(view: EditorView, { lit, picked }: Lines): void {
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
      if (top !== undefined) view.scrollDOM.scrollTop = top;
    },
  });
}
