import { printable } from '../graph/printable.ts';

/** A text that is HTML already: what puts it into another one does not escape it again. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a piece of HTML: texts are escaped. */
export type Content = string | number | Html | readonly Content[];

/** Writes HTML: what is put in is escaped, wherever it comes from. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(parts.map((part, k) => part + textOf(contents[k] ?? '')).join(''));
}

function textOf(content: Content): string {
  if (content instanceof Html) return content.text;
  if (typeof content === 'string' || typeof content === 'number') return escaped(String(content));
  return content.map(textOf).join('');
}

/** A text that is no markup, in an element or in the quotes of an attribute, and turns no direction of writing. */
function escaped(text: string): string {
  return printable(text).replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** A column of a table; numbers stand at its right. */
export interface Column {
  readonly head: string;
  readonly isNumber?: boolean;
}

/** Rows of a table at most: a cell is no place for thousands. */
const MOST_ROWS = 40;

/** A table under a caption. Of many rows it has the first, and says how many there are. */
export function tableOf(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Content[])[],
): Html {
  const side = (k: number): Html => new Html(columns[k]?.isNumber ? ' class="n"' : '');
  const heads = columns.map(({ head }, k) => html`<th scope="col"${side(k)}>${head}</th>`);
  const lines = rows
    .slice(0, MOST_ROWS)
    .map((row) => html`<tr>${row.map((content, k) => html`<td${side(k)}>${content}</td>`)}</tr>`);
  const left = rows.length - lines.length;
  const more = left > 0 ? html`<tr><td colspan="${columns.length}">and ${left} more</td></tr>` : '';
  const head = columns.some((column) => column.head !== '') ? html`<thead><tr>${heads}</tr></thead>` : '';
  return html`<table><caption>${caption}</caption>${head}<tbody>${lines}${more}</tbody></table>`;
}

/**
 * A whole display: one element, which looks the same in every notebook. Its ground is its own, for a notebook's theme may be
 * another one than the system's.
 *
 * @param about lines under the title
 */
export function displayOf(title: Content, about: readonly Content[], parts: readonly Html[]): string {
  const lines = about.map((line) => html`<p>${line}</p>`);
  return html`<div class="sinter-shown"><style>${STYLE}</style><h4>${title}</h4>${lines}${parts}</div>`.text;
}

/** By the system's wish, dark or light. Twice the class: notebooks have rules of their own for tables. */
const STYLE = new Html(`.sinter-shown.sinter-shown {
  color-scheme: light dark; background: light-dark(#fff, #131a27); color: light-dark(#16202d, #e7ecf5);
  font: 13px/1.5 system-ui, sans-serif; padding: .6em 1em; overflow-x: auto;
  border: 1px solid light-dark(#d8dfe8, #2a3650); border-radius: .5em;
  & :is(h4, p, caption) { margin: 0; padding: 0; text-align: left; font-size: 1em; color: inherit }
  & h4 { font-size: 1.15em; font-weight: 600 }
  & :is(p, th, small) { color: light-dark(#4b586a, #a7b4c8) }
  & caption { font-weight: 600; white-space: nowrap }
  & small { font-size: 1em }
  & table { margin: .6em 0 0; border-collapse: collapse; table-layout: auto; font-size: 1em; color: inherit }
  & tr:nth-child(n) { background: none }
  & :is(th, td) { padding: .15em 1em .15em 0; text-align: left; vertical-align: top; border: 0;
    font-weight: 400; white-space: nowrap }
  & .wide { white-space: normal; min-width: 26em; max-width: 52em }
  & tr { border: 0; border-bottom: 1px solid light-dark(#d8dfe8, #2a3650) }
  & svg { fill: currentColor; max-width: 100% }
  & .n { text-align: right; font-variant-numeric: tabular-nums }
  & .heat { padding: .15em .5em }
  & code { font: 12px/1.6 ui-monospace, Menlo, Consolas, monospace; background: none; color: inherit; padding: 0 }
  & .forward { color: light-dark(#1d5bbd, #7fb2ff) }
  & .backward { color: light-dark(#a1430a, #ffa966) }
  & .update { color: light-dark(#0c6e3d, #62d497) }
}`);
