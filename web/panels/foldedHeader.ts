import { codeFolding, foldEffect, foldGutter, foldKeymap, foldService } from '@codemirror/language';
import type { Extension, Text } from '@codemirror/state';
import { type EditorView, keymap } from '@codemirror/view';

/** Lines that are left as they are: what folds away says less than its fold. */
const SHORT = 3;

/** From the end of one line to the end of another, as offsets of a text. */
export interface Folded {
  readonly from: number;
  readonly to: number;
}

/**
 * The comment that a kernel begins with, without its first line, which says what it is; undefined where it is short.
 */
export function headerOf(doc: Text): Folded | undefined {
  let lines = 0;
  for (const line of doc.iterLines()) {
    if (!/^(?:\/\/|;;)/.test(line)) break;
    lines++;
  }
  return lines <= SHORT ? undefined : { from: doc.line(1).to, to: doc.line(lines).to };
}

/** Lets the comment that a text begins with fold: by its mark, by what stands in its place, and by Ctrl-Shift-[ and ]. */
export function foldingHeader(): Extension {
  return [
    codeFolding({
      preparePlaceholder: ({ doc }, { from, to }) => doc.lineAt(to).number - doc.lineAt(from).number,
      placeholderDOM: (_, unfold, lines: number) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.className = 'cm-folded';
        button.textContent = `… ${lines} more lines say which nodes it computes`;
        button.onclick = (event) => {
          event.stopPropagation();
          unfold(event);
        };
        return button;
      },
    }),
    foldGutter({ openText: '▾', closedText: '▸' }),
    foldService.of(({ doc }, lineStart) => (lineStart === 0 ? (headerOf(doc) ?? null) : null)),
    keymap.of(foldKeymap),
  ];
}

/** Folds it. */
export function foldHeader(view: EditorView): void {
  const header = headerOf(view.state.doc);
  if (header !== undefined) view.dispatch({ effects: foldEffect.of(header) });
}
