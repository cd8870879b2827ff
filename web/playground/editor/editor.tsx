import { Compartment, EditorState, type Extension, Transaction } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { type ReadonlySignal, useSignalEffect } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { linesOfFile } from '../../panels/fileLines.ts';
import { linesOf, litLines, setLines } from '../../panels/litLines.ts';
import { scrollToLit } from '../../panels/scrollToLit.ts';
import { pick } from '../../panels/select.ts';
import type { Selection } from '../../panels/selection.ts';
import { messageOf } from '../messageOf.ts';
import type { Desk } from '../page/desk.ts';
import type { Player } from '../page/player.ts';
import './editor.css';
import { showProblem } from './problems.ts';
import { setup } from './setup.ts';

/** The model's text, edited. Each example has an undo history of its own. Types come once there is a model that runs. */
export function Editor(props: {
  readonly desk: Desk;
  readonly player: Player;
  /** What is picked of what the compiler made: its lines light up here, and a line that is clicked is picked there. */
  readonly selection: ReadonlySignal<Selection | undefined>;
}) {
  const { desk, player, selection } = props;
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  const states = useMemo(() => new Map<string, EditorState>(), []);
  const shown = useRef('');
  const types = useMemo(() => new Compartment(), []);
  const known = useRef<Extension>([]);
  const isAsked = useRef(false);

  const stateOf = (text: string): EditorState =>
    EditorState.create({
      doc: text,
      extensions: [
        setup(() => desk.run()),
        types.of(known.current),
        litLines(),
        EditorView.domEventHandlers({
          click: (event, editor) => {
            const [picks, name] = [selection.peek(), fileOf(player)];
            const { main } = editor.state.selection;
            if (picks === undefined || name === undefined || desk.isStale.peek() || !main.empty) return;
            pick(picks, { kind: 'line', file: name, line: editor.state.doc.lineAt(main.head).number }, event);
          },
        }),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) desk.edit(state.doc.toString());
        }),
      ],
    });

  useEffect(() => {
    if (place.current === null) return;
    shown.current = desk.example.peek().name;
    const made = new EditorView({ state: stateOf(desk.text.peek()), parent: place.current });
    view.current = made;
    return () => {
      view.current = undefined;
      made.destroy();
    };
  }, []);

  // Another example, or a text that did not come from the editor.
  useSignalEffect(() => {
    void desk.changed.value;
    const editor = view.current;
    const [name, text] = [desk.example.peek().name, desk.text.peek()];
    if (editor === undefined) return;
    if (name !== shown.current) {
      states.set(shown.current, editor.state);
      shown.current = name;
      editor.setState(states.get(name) ?? stateOf(text));
      editor.dispatch({ effects: types.reconfigure(known.current) });
    }
    if (editor.state.doc.toString() === text) return;
    editor.dispatch({
      changes: { from: 0, to: editor.state.doc.length, insert: text },
      annotations: Transaction.userEvent.of('input.replace'),
    });
  });

  useSignalEffect(() => {
    const problem = player.problem.value;
    if (view.current !== undefined) showProblem(view.current, problem);
  });

  useSignalEffect(() => {
    void desk.changed.value;
    const [look, picks, name] = [player.opened.value?.look, selection.value, fileOf(player)];
    if (view.current === undefined) return;
    // An edit that has not compiled has lines of its own.
    const isKnown = look !== undefined && picks !== undefined && name !== undefined && !desk.isStale.value;
    const lines = isKnown ? linesOfFile(look, picks, name) : linesOf(undefined, new Map());
    view.current.dispatch({ effects: setLines.of(lines) });
    scrollToLit(view.current, lines);
  });

  useSignalEffect(() => {
    // Megabytes that nobody waits for: after the model has compiled.
    if (player.opened.value === undefined || isAsked.current) return;
    isAsked.current = true;
    void import('./types.ts')
      .then(({ typesExtension }) => typesExtension())
      .then((extension) => {
        known.current = extension;
        view.current?.dispatch({ effects: types.reconfigure(extension) });
      })
      .catch((error: unknown) => {
        player.notice(
          'info',
          `The editor does without types: ${messageOf(error)}. Models compile all the same.`,
        );
      });
  });

  return <div class="editor" ref={place} />;
}

/** What the compiler calls the text of the editor. */
function fileOf(player: Player): string | undefined {
  return player.opened.peek()?.look.files[0]?.name;
}
