import {
  type Extension,
  RangeSet,
  RangeSetBuilder,
  StateEffect,
  StateField,
  type Text,
} from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, GutterMarker, gutter } from '@codemirror/view';
import { dispatchColour } from './colours.ts';

/** What the lines of a text stand for. Lines count from 1. */
export interface Lines {
  /** Those that follow from what is picked. */
  readonly lit: ReadonlySet<number>;
  /** That which is picked itself. */
  readonly picked?: number;
  /** That which is picked beside it. */
  readonly second?: number;
  /** The dispatches that compute what a line stands for. */
  readonly marks: ReadonlyMap<number, readonly number[]>;
}

/** Lines, of which some may be unknown. */
export function linesOf(
  lit: ReadonlySet<number> | undefined,
  marks: Lines['marks'],
  { picked, second }: { readonly picked?: number | undefined; readonly second?: number | undefined } = {},
): Lines {
  return {
    lit: lit ?? new Set(),
    marks,
    ...(picked === undefined ? {} : { picked }),
    ...(second === undefined ? {} : { second }),
  };
}

/** Shows other lines. */
export const setLines = StateEffect.define<Lines>();

const lines = StateField.define<Lines>({
  create: () => ({ lit: new Set(), marks: new Map() }),
  update: (before, transaction) =>
    transaction.effects.reduce((value, effect) => (effect.is(setLines) ? effect.value : value), before),
});

/** Lights lines up, and says in a gutter which dispatches compute them. */
export function litLines(): Extension {
  return [
    lines,
    EditorView.decorations.compute([lines, 'doc'], (state) => decorated(state.field(lines), state.doc)),
    gutter({
      class: 'cm-dispatches',
      markers: (view) => marked(view.state.field(lines), view.state.doc),
      initialSpacer: () => new DispatchMarker([]),
    }),
  ];
}

function decorated({ lit, picked, second }: Lines, doc: Text): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const shown = new Set([
    ...lit,
    ...(picked === undefined ? [] : [picked]),
    ...(second === undefined ? [] : [second]),
  ]);
  for (const line of inOrder(shown, doc)) {
    const classes = [
      ...(lit.has(line) ? ['cm-lit'] : []),
      ...(line === picked ? ['cm-picked'] : []),
      ...(line === second ? ['cm-second'] : []),
    ];
    const from = doc.line(line).from;
    builder.add(from, from, Decoration.line({ class: classes.join(' ') }));
  }
  return builder.finish();
}

function marked({ marks }: Lines, doc: Text): RangeSet<GutterMarker> {
  return RangeSet.of(
    inOrder(marks.keys(), doc).map((line) =>
      new DispatchMarker(marks.get(line) ?? []).range(doc.line(line).from),
    ),
  );
}

function inOrder(numbers: Iterable<number>, doc: Text): number[] {
  return [...numbers].filter((line) => line >= 1 && line <= doc.lines).sort((a, b) => a - b);
}

/** As many dispatches of a line as have a stripe each. */
const STRIPES = 4;

/** Stripes in the colours of dispatches; their numbers are the title. */
class DispatchMarker extends GutterMarker {
  readonly #dispatches: readonly number[];

  constructor(dispatches: readonly number[]) {
    super();
    this.#dispatches = dispatches;
  }

  override eq(other: GutterMarker): boolean {
    return other instanceof DispatchMarker && other.#dispatches.join() === this.#dispatches.join();
  }

  override toDOM(): HTMLElement {
    const stripes = document.createElement('span');
    stripes.className = 'cm-stripes';
    const { length } = this.#dispatches;
    if (length > 0)
      stripes.title = `computed by ${length === 1 ? 'dispatch' : 'dispatches'} ${this.#dispatches.join(', ')}`;
    for (const dispatch of this.#dispatches.slice(0, STRIPES)) {
      const stripe = document.createElement('i');
      stripe.style.background = dispatchColour(dispatch);
      stripes.append(stripe);
    }
    return stripes;
  }
}
