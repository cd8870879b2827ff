import type { Module } from '../graph/index.ts';
import { grouped } from '../grouped.ts';
import { count, cut } from '../inspect/figures.ts';
import { type Paint, plain } from '../inspect/paint.ts';
import { bytesText, table } from '../inspect/reportText.ts';
import { type LayerSummary, type Summary, summaryOf, type ValueSummary } from './summary.ts';

/** Characters of a line, which terminals and mails have. */
const WIDTH = 80;

/** Characters of a layer's name at most, and of a shape at least. */
const [MOST_NAME, LEAST_SHAPE] = [36, 14];

/**
 * A module for people, as Keras's `model.summary()`: layers as a tree, each with what it gives and its parameters; then inputs,
 * entries, what optimizers keep, and bytes. Lines have 80 characters at most: longer names and shapes are cut.
 *
 * ```ts
 * console.log(summary(mnist));
 * ```
 */
export function summary(module: Module): string {
  return moduleText(summaryOf(module));
}

/** The text of {@link summary}, of data, with parts set off. */
export function moduleText(found: Summary, paint: Paint = plain): string {
  const lines = [paint.bold(cut(found.name, WIDTH)), ''];
  const rows = found.layers.flatMap((layer) => rowsOf(layer, ''));
  const total = totalOf(found);
  if (rows.length > 0) lines.push(...layerTable(rows, total, paint), '');
  lines.push(...totals(found, paint), '');
  lines.push(
    ...placed(
      'sizes',
      found.sizes.map(({ name, max }) => `${name}, at most ${max}`),
      paint,
    ),
  );
  lines.push(...placed('inputs', found.inputs.map(valueText), paint));
  lines.push(
    ...placed(
      'entries',
      found.entries.map(({ name, outputs, updates }) => {
        const given = outputs.map(valueText);
        const changed = updates === 0 ? [] : [`updates ${count(updates, 'state')}`];
        return `${name}: ${[...given, ...changed].join(', ')}`;
      }),
      paint,
    ),
  );
  return `${lines.join('\n')}\n`;
}

interface LayerRow {
  readonly name: string;
  readonly output: string;
  readonly values: number;
  readonly notTrainable: number;
}

/** A layer and those in it, each further in. One that only holds another layer stands in that one's line. */
function rowsOf(layer: LayerSummary, indent: string, before = ''): LayerRow[] {
  const name = `${before}${layer.name}`;
  const [only, ...more] = layer.layers;
  if (layer.states.length + layer.outputs.length === 0 && only !== undefined && more.length === 0)
    return rowsOf(only, indent, `${name}.`);
  const output = layer.outputs.map(
    ({ dtype, shape }) => `${dtype === 'f32' ? '' : dtype}[${shape.join(', ')}]`,
  );
  const { values, notTrainable } = layer;
  return [
    { name: `${indent}${name}`, output: output.join(' '), values, notTrainable },
    ...layer.layers.flatMap((part) => rowsOf(part, `${indent}  `)),
  ];
}

function totalOf({ parameters: { values, notTrainable } }: Summary): LayerRow {
  return { name: 'in all', output: '', values, notTrainable };
}

/** Layers as a table; what optimizers do not update has a column where there is some. */
function layerTable(rows: readonly LayerRow[], total: LayerRow, paint: Paint): string[] {
  const all = [...rows, total];
  const numbers = [
    rightAligned(
      'parameters',
      all.map(({ values }) => grouped(values)),
    ),
    ...(total.notTrainable === 0
      ? []
      : [
          rightAligned(
            'not trainable',
            all.map(({ notTrainable }) => (notTrainable === 0 ? '' : grouped(notTrainable))),
          ),
        ]),
  ];
  const taken = numbers.reduce((n, [head = '']) => n + head.length + 2, 2);
  const widest = Math.max(...all.map(({ name }) => name.length), 'layer'.length);
  const name = Math.min(widest, MOST_NAME, WIDTH - taken - 2 - LEAST_SHAPE);
  const shape = WIDTH - taken - 2 - name;
  const [heads, ...cells] = ['layer', ...all.map((row) => cut(row.name, name))].map((first, k) => [
    first,
    k === 0 ? 'output' : cut(all[k - 1]?.output ?? '', shape),
    ...numbers.map((column) => column[k] ?? ''),
  ]);
  const lines = table(heads ?? [], cells, paint);
  return lines.toSpliced(
    -1,
    0,
    paint.dim(`  ${'─'.repeat(Math.max(...lines.map(({ length }) => length)) - 2)}`),
  );
}

/** A head and numbers, of one width. */
function rightAligned(head: string, numbers: readonly string[]): string[] {
  const width = Math.max(head.length, ...numbers.map(({ length }) => length));
  return [head, ...numbers].map((text) => text.padStart(width));
}

/** What is kept of a module: parameters, what is kept beside them, other states. */
function totals({ parameters, kept, others, states }: Summary, paint: Paint): string[] {
  const rows = [
    { name: 'parameters', values: parameters.values, bytes: parameters.bytes },
    ...kept.map(({ name, ...counted }) => ({ name: `kept beside them: ${name}`, ...counted })),
    ...others.map(({ name, values, bytes }) => ({ name, values, bytes })),
    { name: 'in all', values: states.values, bytes: states.bytes },
  ];
  const [values, sizes] = [
    rightAligned(
      'values',
      rows.map((row) => grouped(row.values)),
    ),
    rightAligned(
      'bytes',
      rows.map((row) => bytesText(row.bytes)),
    ),
  ];
  const most = WIDTH - 6 - (values[0] ?? '').length - (sizes[0] ?? '').length;
  const cells = rows.map(({ name }, k) => [cut(name, most), values[k + 1] ?? '', sizes[k + 1] ?? '']);
  return table(['states', values[0] ?? '', sizes[0] ?? ''], cells, paint);
}

/** Things of a kind, a line each, the kind before the first. */
function placed(kind: string, texts: readonly string[], paint: Paint): string[] {
  const head = kind.padEnd('entries  '.length);
  return texts.map(
    (text, k) =>
      `  ${k === 0 ? paint.dim(head) : ' '.repeat(head.length)}${cut(text, WIDTH - 2 - head.length)}`,
  );
}

function valueText({ name, dtype, shape }: ValueSummary): string {
  return `${name} ${dtype}[${shape.join(', ')}]`;
}
