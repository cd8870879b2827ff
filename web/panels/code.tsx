import './code.css';
import { standardKeymap } from '@codemirror/commands';
import { search, searchKeymap } from '@codemirror/search';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { useEffect, useRef } from 'preact/hooks';
import { foldHeader, foldingHeader } from './foldedHeader.ts';
import { grammarOf, highlighting, type Language } from './languages.ts';
import { type Lines, litLines, setLines } from './litLines.ts';
import { scrollToLit } from './scrollToLit.ts';
import type { Modifiers } from './select.ts';
import { wrapping } from './wrapping.ts';

/** Code to read. */
export interface CodeProps {
  readonly text: string;
  readonly language: Language;
  /** Whether the comment that it begins with is folded at first. */
  readonly isHeaderFolded?: boolean;
  /** What it is, for who does not see it. */
  readonly label: string;
  readonly lines: Lines;
  /** Is told of a line that is clicked, or that the cursor is in when Enter is pressed. */
  readonly onPick: (line: number, event: Modifiers) => void;
}

/** A text with line numbers, highlighting, search (Ctrl-F), lines that wrap and lines that light up; the first of them scrolls into view. */
export function Code({ text, language, isHeaderFolded = false, label, lines, onPick }: CodeProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const picks = useRef(onPick);
  picks.current = onPick;
  useEffect(() => {
    const parent = place.current;
    if (parent === null) return;
    const made = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        extensions: [
          isHeaderFolded ? foldingHeader() : [],
          reading(language, label, (...at) => picks.current(...at)),
        ],
      }),
    });
    if (isHeaderFolded) foldHeader(made);
    view.current = made;
    return () => made.destroy();
  }, [text, language, isHeaderFolded, label]);
  useEffect(() => {
    const shown = view.current;
    if (shown === null) return;
    shown.dispatch({ effects: setLines.of(lines) });
    scrollToLit(shown, lines);
  }, [lines, text, language, label]);
  return <div class="code" ref={place} />;
}

function reading(language: Language, label: string, onPick: CodeProps['onPick']) {
  return [
    EditorState.readOnly.of(true),
    // The cursor is wanted for reading by keyboard; what a phone would type with is not.
    EditorView.contentAttributes.of({
      'aria-label': label,
      'aria-readonly': 'true',
      inputmode: 'none',
      tabindex: '0',
    }),
    wrapping(),
    lineNumbers(),
    litLines(),
    drawSelection(),
    highlightActiveLine(),
    grammarOf(language),
    highlighting,
    search({ top: true }),
    keymap.of([...picking(onPick), ...searchKeymap, ...standardKeymap]),
    pressing(onPick),
  ];
}

/** Pixels that a pointer may move between down and up, and still picks: beyond, it selects text. */
const SLACK = 4;

/**
 * A press picks the line that was there when the button went down: the text may move under it. It is no `click`, which does not come
 * where the text under the pointer is highlighted again meanwhile.
 */
function pressing(onPick: CodeProps['onPick']) {
  let down: { readonly x: number; readonly y: number; readonly line: number } | undefined;
  return EditorView.domEventHandlers({
    mousedown: ({ button, clientX: x, clientY: y, target }, view) => {
      const isOnButton = target instanceof Element && target.closest('button') !== null;
      const line = view.state.doc.lineAt(view.posAtCoords({ x, y }, false)).number;
      down = button === 0 && !isOnButton ? { x, y, line } : undefined;
    },
    mouseup: (event) => {
      if (down === undefined) return;
      const moved = Math.hypot(event.clientX - down.x, event.clientY - down.y);
      if (moved <= SLACK) onPick(down.line, event);
      down = undefined;
    },
  });
}

function picking(onPick: CodeProps['onPick']) {
  const pickWith = (shiftKey: boolean) => (view: EditorView) => {
    const { head } = view.state.selection.main;
    onPick(view.state.doc.lineAt(head).number, { shiftKey, ctrlKey: false, metaKey: false });
    return true;
  };
  return [{ key: 'Enter', run: pickWith(false), shift: pickWith(true) }];
}
