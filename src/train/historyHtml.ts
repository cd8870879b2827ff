import { displayOf, Html, tableOf } from '../notebook/html.ts';

/** What is shown of a fit. */
export interface ShownHistory {
  readonly title: string;
  /** Why a callback stopped it. */
  readonly stopped: string | undefined;
  /** A line of names, then one for each epoch. */
  readonly table: readonly (readonly string[])[];
  /** Its curves, as the text of an SVG picture. */
  readonly picture: string;
}

/** A fit as a notebook shows it: its curves over its epochs, the last one first. */
export function historyHtml({ title, stopped, table: [heads = [], ...rows], picture }: ShownHistory): string {
  const columns = heads.map((head) => ({ head, isNumber: true }));
  return displayOf(
    title,
    stopped === undefined ? [] : [`stopped: ${stopped}`],
    rows.length === 0 ? [] : [new Html(picture), tableOf('', columns, rows.toReversed())],
  );
}
