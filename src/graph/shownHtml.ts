import { grouped } from '../grouped.ts';
import { elementCount, isFloat, shapeText } from '../loops/index.ts';
import { type Content, displayOf, type Html, html, tableOf } from '../notebook/html.ts';
import type { Module } from './module.ts';
import type { Node } from './node.ts';

/** A tensor as a notebook shows it: its type, its name, what makes it of what, the user's line. */
export function tensorHtml({ op, shape, dtype, label, source, inputs }: Node): string {
  const facts: readonly (readonly [string, string])[] = [
    ['operation', op],
    ['of', inputs.map(nameOf).join(', ')],
    ['declared at', source ?? ''],
  ];
  const rows = facts.filter(([, text]) => text !== '').map(([what, text]) => [what, code(text)]);
  const name = label === undefined ? 'Tensor' : html`Tensor ${code(label)}`;
  return displayOf(
    html`${name}: ${dtype}${shapeText(shape)}`,
    [],
    [tableOf('', [{ head: '' }, { head: '' }], rows)],
  );
}

/** How a tensor's operands are called. */
function nameOf({ op, label, attrs }: Node): string {
  return label ?? (typeof attrs.name === 'string' ? attrs.name : op);
}

/** A module as a notebook shows it: a table for each kind of declaration that it has. */
export function moduleHtml({ name, sizes, inputs, states, params, entries }: Module): string {
  const trained = states.filter(({ node, trainable }) => trainable && isFloat(node.dtype));
  const parameters = trained.reduce((n, { node }) => n + elementCount(node.shape), 0);
  const typed = (node: Node): Content[] => [
    code(String(node.attrs.name)),
    `${node.dtype}${shapeText(node.shape)}`,
  ];
  const declared = [...inputs, ...params].map((node) => [
    ...typed(node),
    node.op === 'param' ? 'run-time scalar' : '',
  ]);
  const kept = states.map((state) => [
    code(state.name),
    `${state.node.dtype}${shapeText(state.node.shape)}`,
    trained.includes(state) ? 'trained' : '',
  ]);
  const given = entries.map(({ name: entry, outputs, updates }) => [
    code(entry),
    outputs.map((output) => output.name).join(', '),
    updates.length === 0 ? '' : String(updates.length),
  ]);
  const all: readonly (readonly [string, readonly string[], readonly Content[][]])[] = [
    ['Inputs', ['name', 'type', ''], declared],
    [`States, with ${grouped(parameters)} parameters to train`, ['name', 'type', ''], kept],
    ['Entries', ['name', 'outputs', 'updates'], given],
  ];
  const bounds = sizes.map((size) => `${size.name} ≤ ${size.max}`).join(', ');
  return displayOf(
    html`Module ${code(name)}`,
    bounds === '' ? [] : [bounds],
    all.flatMap(([caption, heads, rows]) =>
      rows.length === 0
        ? []
        : [
            tableOf(
              caption,
              heads.map((head) => ({ head })),
              rows,
            ),
          ],
    ),
  );
}

function code(text: string): Html {
  return html`<code>${text}</code>`;
}
