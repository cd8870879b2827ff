import type { CompletionResult } from '@codemirror/autocomplete';
import type { Diagnostic } from '@codemirror/lint';
import type { Block } from './documentation.ts';

/** What the editor asks of the worker that knows types. Positions are counts of characters. */
export type TypesAsk =
  | { readonly kind: 'files'; readonly files: Readonly<Record<string, string>> }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'diagnostics' }
  | { readonly kind: 'completion'; readonly pos: number; readonly explicit: boolean }
  /** Of a name that completion offered at a place. */
  | { readonly kind: 'details'; readonly pos: number; readonly name: string }
  | { readonly kind: 'hover'; readonly pos: number };

/** What is known of a name: its type, and its documentation. */
export interface Told {
  /** In the words of TypeScript, with the kind of each. */
  readonly parts: readonly { readonly text: string; readonly kind: string }[];
  readonly documentation: readonly Block[];
  /** What is said of a parameter, of what is returned and thrown, each under the name of its tag: `param`. */
  readonly tags: readonly { readonly name: string; readonly about: readonly Block[] }[];
}

/** What stands over a name, and where that is. */
export interface Hover extends Told {
  readonly from: number;
  readonly to: number;
}

/** What each question is answered with. */
export interface TypesAnswers {
  readonly files: undefined;
  readonly text: undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly completion: CompletionResult | null;
  readonly details: Told | undefined;
  readonly hover: Hover | undefined;
}

/** A question on its way, and its answer. */
export type TypesRequest = { readonly id: number; readonly ask: TypesAsk };
export type TypesReply = { readonly id: number; readonly answer: TypesAnswers[keyof TypesAnswers] };
