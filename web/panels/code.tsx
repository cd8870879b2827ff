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

/** A text with line numbers, highlighting, search (Ctrl-F) and lines that light up; the first of them scrolls into view. */
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

/** Pixels that a pointer may move between down and up, and still clicks: beyond, it selects text. */
const CLICK = 4;

function reading(language: Language, label: string, onPick: CodeProps['onPick']) {
  // The line is the one that was there when the button went down: the text may move under a click.
  let down: { readonly x: number; readonly y: number; readonly line: number } | undefined;
  return [
    EditorState.readOnly.of(true),
    // The cursor is wanted for reading by keyboard; what a phone would type with is not.
    EditorView.contentAttributes.of({
      'aria-label': label,
      'aria-readonly': 'true',
      inputmode: 'none',
      tabindex: '0',
    }),
    lineNumbers(),
    litLines(),
    drawSelection(),
    highlightActiveLine(),
    grammarOf(language),
    highlighting,
    search({ top: true }),
    keymap.of([...picking(onPick), ...searchKeymap, ...standardKeymap]),
    EditorView.domEventHandlers({
      mousedown: (event, view) => {
        const [x, y] = [event.clientX, event.clientY];
        down = { x, y, line: view.state.doc.lineAt(view.posAtCoords({ x, y }, false)).number };
      },
      click: (event) => {
        if (down === undefined) return;
        const moved = Math.hypot(event.clientX - down.x, event.clientY - down.y);
        if (moved <= CLICK) onPick(down.line, event);
        down = undefined;
      },
    }),
  ];
}

function picking(onPick: CodeProps['onPick']) {
  const pickWith = (shiftKey: boolean) => (view: EditorView) => {
    const { head } = view.state.selection.main;
    onPick(view.state.doc.lineAt(head).number, { shiftKey, ctrlKey: false, metaKey: false });
    return true;
  };
  return [{ key: 'Enter', run: pickWith(false), shift: pickWith(true) }];
}
