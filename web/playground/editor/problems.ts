import { type Diagnostic, linter } from '@codemirror/lint';
import { type Extension, StateEffect, StateField, type Text } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';

/** What is wrong with a model; lines and columns count from 1. */
export interface Problem {
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

const setProblem = StateEffect.define<Problem | undefined>();

/** What the compiler said last, until the text changes: then it is no longer known whether it holds. */
const said = StateField.define<Problem | undefined>({
  create: () => undefined,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setProblem)) return effect.value;
    return transaction.docChanged ? undefined : value;
  },
});

/** Problems of the compiler beside those of TypeScript: in the gutter, and under the text. */
export function problems(): Extension {
  return [
    said,
    linter(({ state }) => diagnosticsOf(state.field(said), state.doc), {
      delay: 0,
      needsRefresh: ({ startState, state }) => startState.field(said) !== state.field(said),
    }),
  ];
}

/** Shows a problem where it stands; `undefined` takes it away. */
export function showProblem(view: EditorView, problem: Problem | undefined): void {
  if (view.state.field(said) !== problem) view.dispatch({ effects: setProblem.of(problem) });
}

function diagnosticsOf(problem: Problem | undefined, doc: Text): Diagnostic[] {
  if (problem?.line === undefined || problem.line < 1 || problem.line > doc.lines) return [];
  const line = doc.line(problem.line);
  const indent = line.text.length - line.text.trimStart().length;
  const column = problem.column === undefined ? indent : Math.min(problem.column - 1, line.length);
  return [
    { from: line.from + column, to: line.to, message: problem.message, severity: 'error', source: 'Sinter' },
  ];
}
