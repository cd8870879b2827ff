import type { ReadonlySignal, Signal } from '@preact/signals';
import type { Look } from '../../src/inspect/look.ts';

/** What a person picked, in whichever panel. */
export type Picked =
  | { readonly kind: 'node'; readonly id: number }
  | { readonly kind: 'line'; readonly file: string; readonly line: number }
  | { readonly kind: 'dispatch'; readonly dispatch: number }
  | { readonly kind: 'code'; readonly kernel: string; readonly line: number }
  | { readonly kind: 'buffer'; readonly name: string };

/** What panels light up for what was picked: the same thing, seen in each of them. All of it is of the entry that is shown. */
export interface Lit {
  readonly nodes: ReadonlySet<number>;
  readonly dispatches: ReadonlySet<number>;
  /** By file. */
  readonly lines: ReadonlyMap<string, ReadonlySet<number>>;
  /** By kernel. */
  readonly code: ReadonlyMap<string, ReadonlySet<number>>;
  readonly buffers: ReadonlySet<string>;
}

/** The state that all panels share. */
export interface Selection {
  /** The name of the entry that is shown. */
  readonly entry: Signal<string>;
  readonly picked: Signal<Picked | undefined>;
  /** What was picked beside it, to ask why the two are not one. */
  readonly second: Signal<Picked | undefined>;
  /** Whether the next pick becomes the second: Shift without a keyboard. */
  readonly isComparing: Signal<boolean>;
  readonly lit: ReadonlySignal<Lit>;
}

/** What every panel is given. */
export interface PanelProps {
  readonly look: Look;
  readonly selection: Selection;
}
