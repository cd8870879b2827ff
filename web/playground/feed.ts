import type { Entry, InputSlot, ProgramBase, Values } from '../../src/runtime/index.ts';
import { ModelError } from './modelError.ts';
import { columnText, elementsOf, type Rows } from './rows.ts';

/** Arrays for the inputs of an entry. */
export type Fed = Readonly<Record<string, Values>>;

/**
 * What an entry reads, out of what an example gives: by name, in whatever shape the model declares for as many elements a row,
 * and whatever type of numbers.
 *
 * @throws ModelError where the model reads something else than the example gives
 */
export function fed(program: ProgramBase, entry: string, rows: Rows): Fed {
  const slots = inputsOf(program, entry);
  const given = Object.entries(rows.columns).map(([name, column]) => `${name}: ${columnText(column)}`);
  return Object.fromEntries(
    slots.map((slot) => {
      const column = rows.columns[slot.name];
      const says = `the example gives ${listed(given)}; the model's entry ${entry} reads ${slot.name}: ${slotText(slot)}`;
      if (column === undefined) throw new ModelError(says);
      if (slot.size === undefined)
        throw new ModelError(
          `${says}: its rows are a fixed number; declare them as m.size('batch', { max: ${slot.shape[0] ?? 1} }), since a step may have fewer`,
        );
      if (elementsOf({ shape: slot.shape.slice(1) }) !== elementsOf(column)) throw new ModelError(says);
      if (slot.dtype === 'u8' && column.dtype !== 'u8')
        throw new ModelError(`${says}: its numbers are not bytes; declare it as ${column.dtype}`);
      return [slot.name, column.values] as const;
    }),
  );
}

/** The entry that trains: `train`, else the only one whose steps update states. @throws ModelError where there is none, or no loss */
export function trainingEntry(program: ProgramBase, updating: ReadonlySet<string>): string {
  const [only, ...others] = updating;
  const name = updating.has('train') ? 'train' : others.length === 0 ? only : undefined;
  const entry = name === undefined ? undefined : program.entries[name];
  if (name === undefined || entry === undefined)
    throw new ModelError(
      "the model has no entry 'train' that updates anything: m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) })",
    );
  if (!entry.outputs.some(isNumber))
    throw new ModelError(`the model's entry ${name} gives no number to plot: add its loss to what it gives`);
  return name;
}

/** Whether an output is one number. */
export function isNumber({ shape }: Entry['outputs'][number]): boolean {
  return shape.length === 0;
}

function inputsOf(program: ProgramBase, name: string): InputSlot[] {
  const read = program.entries[name]?.inputs ?? [];
  return program.inputs.filter((slot) => read.includes(slot.name));
}

/** The type of an input as the model declares it. */
function slotText({ dtype, shape, size }: InputSlot): string {
  const [rows, ...rest] = shape;
  return `${dtype}[${[...(size === undefined ? (rows === undefined ? [] : [rows]) : [size]), ...rest].join(', ')}]`;
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join() : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
