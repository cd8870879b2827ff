import { elementCount, isFloat, shapeText } from '../loops/index.ts';
import { displayAs } from '../notebook/display.ts';
import { meshText, shardingText } from './mesh.ts';
import type { Module } from './module.ts';
import type { Node } from './node.ts';

/** By this name Node, Deno and Bun find what `console.log` shows of an object. */
const custom = Symbol.for('nodejs.util.inspect.custom');

/** What `console.log` gives a custom text: how deep it still goes, and the options that it was called with. */
type Shown<T> = (this: T, depth: number | null, options: { readonly depth?: number | null }) => string;

/** What people see of an object. */
export interface ShownAs<T> {
  /** In one line, as it stands inside of something else. */
  readonly line: (value: T) => string;
  /** All, where it is shown alone; the same line where it is left out. */
  readonly all?: (value: T) => string;
  /** In a notebook: what makes HTML is loaded when it is asked for. */
  readonly html: (value: T) => Promise<string>;
}

/** Gives an object, or a class by its prototype, what `console.log` shows of it, and cells of notebooks. */
export function showAs<T extends object>(target: T, { line, all = line, html }: ShownAs<T>): void {
  const inspected: Shown<T> = function (depth, options) {
    return (depth ?? 0) < (options?.depth ?? 0) ? `[${line(this)}]` : all(this);
  };
  // Not enumerable: what is shown of an object is not part of its data.
  Object.defineProperty(target, custom, { configurable: true, value: inspected });
  displayAs(target, html, all);
}

/** A tensor in one line: `Tensor relu [batch<=128, 128] f32 'hidden' (model.ts:12)`. */
export function tensorLine({ op, shape, dtype, label, source }: Node): string {
  const name = label === undefined ? '' : ` '${label}'`;
  const place = source === undefined ? '' : ` (${source})`;
  return `Tensor ${op} ${shapeText(shape)} ${dtype}${name}${place}`;
}

/** A module in one line: `Module mnist (entries train, predict)`. */
export function moduleLine({ name, entries }: Module): string {
  return `Module ${name} (entries ${entries.map((entry) => entry.name).join(', ')})`;
}

/** What a module declares, a line for each kind of declaration. */
export function moduleLines(module: Module): string {
  const { name, sizes, inputs, states, params, entries, mesh, shardings } = module;
  const typed = (node: Node): string => `${String(node.attrs.name)} ${node.dtype}${shapeText(node.shape)}`;
  const trained = states.filter(({ node, trainable }) => trainable && isFloat(node.dtype));
  const parameters = trained.reduce((n, { node }) => n + elementCount(node.shape), 0);
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ['sizes', sizes.map((size) => `${size.name}<=${size.max}`)],
    ['inputs', inputs.map(typed)],
    ['states', states.length === 0 ? [] : [`${states.length}, with ${parameters} parameters to train`]],
    ['scalars', params.map((node) => String(node.attrs.name))],
    ['mesh', mesh === undefined ? [] : [meshText(mesh)]],
    ['sharded', [...shardings].map(([node, axes]) => `${String(node.attrs.name)} ${shardingText(axes)}`)],
    ...entries.map(
      ({ name: entry, outputs, updates }) =>
        [
          `entry ${entry}`,
          [
            ...outputs.map((output) => output.name),
            ...(updates.length === 0 ? [] : [`${updates.length} update${updates.length === 1 ? '' : 's'}`]),
          ],
        ] as const,
    ),
  ];
  const own = lines.flatMap(([kind, items]) =>
    items.length === 0 ? [] : [`  ${kind}: ${items.join(', ')}`],
  );
  return [`Module ${name}`, ...own].join('\n');
}
