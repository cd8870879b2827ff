import { type Extension, RangeSetBuilder } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view';

/** Columns by which a line that goes on below is further in than it begins. */
const HANG = 2;
/** Columns of an indentation, at most: what is further in would leave a narrow panel no room. */
const DEEPEST = 16;

/** Lines that are wider than their panel go on below, further in than they begin: nothing of a text is out of sight. */
export function wrapping(): Extension {
  return [EditorView.lineWrapping, hanging];
}

/**
 * Columns by which a line is further in where it goes on.
 *
 * @param tab columns of a tab
 */
export function hangOf(line: string, tab: number): number {
  const indentation = /^[ \t]*/.exec(line)?.[0] ?? '';
  const columns = [...indentation].reduce(
    (sum, character) => sum + (character === '\t' ? tab - (sum % tab) : 1),
    0,
  );
  return Math.min(columns, DEEPEST) + HANG;
}

/** Only of what is in sight: a kernel may have thousands of lines. */
const hanging = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = decorated(view);
    }

    update({ view, docChanged, viewportChanged }: ViewUpdate): void {
      if (docChanged || viewportChanged) this.decorations = decorated(view);
    }
  },
  { decorations: ({ decorations }) => decorations },
);

function decorated({ state, visibleRanges }: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to } of visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = state.doc.lineAt(at);
      builder.add(line.from, line.from, hung(hangOf(line.text, state.tabSize)));
      at = line.to + 1;
    }
  }
  return builder.finish();
}

function hung(columns: number): Decoration {
  return Decoration.line({ attributes: { style: `--hang: ${columns}ch` } });
}
