import type { CompletionResult } from '@codemirror/autocomplete';
import type { Diagnostic } from '@codemirror/lint';

/** What the editor asks of the worker that knows types. Positions are counts of characters. */
export type TypesAsk =
  | { readonly kind: 'files'; readonly files: Readonly<Record<string, string>> }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'diagnostics' }
  | { readonly kind: 'completion'; readonly pos: number; readonly explicit: boolean }
  | { readonly kind: 'hover'; readonly pos: number };

/** What stands over a name: its type, and its documentation. */
export interface Hover {
  readonly from: number;
  readonly to: number;
  /** In the words of TypeScript, with the kind of each. */
  readonly parts: readonly { readonly text: string; readonly kind: string }[];
  readonly documentation: string;
}

/** What each question is answered with. */
export interface TypesAnswers {
  readonly files: undefined;
  readonly text: undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly completion: CompletionResult | null;
  readonly hover: Hover | undefined;
}

/** A question on its way, and its answer. */
export type TypesRequest = { readonly id: number; readonly ask: TypesAsk };
export type TypesReply = { readonly id: number; readonly answer: TypesAnswers[keyof TypesAnswers] };
