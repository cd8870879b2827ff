import { displayAs } from '../notebook/display.ts';
import { numberText } from '../notebook/numberText.ts';
import { InputError } from '../runtime/issues.ts';
import { chartOf } from './chart.ts';
import type { Numbers } from './fitted.ts';
import { modeOf } from './mode.ts';
import { didYouMeanIn } from './names.ts';
import { svgOf } from './svg.ts';

/** What an epoch of a fit came to; types may know the names of its scalars, and of those of its validation. */
export interface FitEpoch<out Scalars extends object = Numbers, out Validated extends object = Numbers> {
  /** Counts from 1. */
  readonly epoch: number;
  readonly steps: number;
  readonly samples: number;
  /** The scalar output `loss`, or the first one; NaN where there is none. */
  readonly loss: number;
  /** Scalar outputs: f32 as the mean over samples, integers as their sum. */
  readonly scalars: Scalars;
  /** Run-time scalars at the last step: `lr` is the learning rate. */
  readonly params: Readonly<Record<string, number>>;
  /** On the validation data; absent where there are none. */
  readonly validation?: Validation<Validated>;
  /** How long its steps took, without validation and without callbacks. */
  readonly seconds: number;
}

/** What the validation after an epoch came to. */
export interface Validation<out Scalars extends object = Numbers> {
  readonly samples: number;
  readonly loss: number;
  /** Scalar outputs of the entry, and what functions of `metrics` gave. */
  readonly scalars: Scalars;
  readonly seconds: number;
}

/** What stands before the name of a value of the validation, as in `val_loss`. */
const VALIDATION = 'val_';

/**
 * A value of an epoch by its name, as monitors, columns and curves name it: `loss`, a scalar output, `val_loss`,
 * `val_` and a value of the validation, or a run-time scalar. Undefined where the epoch has none of that name.
 */
export function valueIn(
  { loss, scalars, params, validation }: FitEpoch<object, object>,
  name: string,
): number | undefined {
  const own = (values: object, key: string): number | undefined => {
    const value: unknown = Object.hasOwn(values, key) ? Reflect.get(values, key) : undefined;
    return typeof value === 'number' ? value : undefined;
  };
  if (name === 'loss') return loss;
  if (validation !== undefined && name.startsWith(VALIDATION)) {
    const key = name.slice(VALIDATION.length);
    const value = key === 'loss' ? validation.loss : own(validation.scalars, key);
    if (value !== undefined) return value;
  }
  return own(scalars, name) ?? own(params, name);
}

/** The names of all values of an epoch, as {@link valueIn} takes them: losses first, run-time scalars last. */
export function namesOf({ scalars, params, validation }: FitEpoch<object, object>): string[] {
  const validated = validation === undefined ? [] : ['loss', ...Object.keys(validation.scalars)];
  const names = ['loss', ...Object.keys(scalars), ...validated.map((name) => VALIDATION + name)];
  return [...new Set([...names, ...Object.keys(params)])];
}

/** By this name Node, Deno and Bun find what `console.log` shows of an object. */
const custom: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/** The epochs of a fit. `console.log` shows it as a table. */
export class History<out Scalars extends object = Numbers, out Validated extends object = Numbers> {
  readonly #epochs: FitEpoch<Scalars, Validated>[];
  #stopped: string | undefined;

  /** @param epochs in order, as `toJSON` gives them */
  constructor(epochs: readonly FitEpoch<Scalars, Validated>[] = []) {
    this.#epochs = [...epochs];
  }

  /** In order; those before it was resumed too. */
  get epochs(): readonly FitEpoch<Scalars, Validated>[] {
    return this.#epochs;
  }

  /** Why a callback stopped it, be it at the end of the last epoch; undefined where none did. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  /** The last epoch; undefined before the first has ended. */
  get last(): FitEpoch<Scalars, Validated> | undefined {
    return this.#epochs.at(-1);
  }

  /** The names of the values of its epochs: `loss`, scalar outputs, `val_loss` and others of the validation, run-time scalars. */
  get names(): readonly string[] {
    return [...new Set(this.#epochs.flatMap(namesOf))];
  }

  /**
   * A value over the epochs; NaN where an epoch has none of that name.
   *
   * @param name as `names` lists them
   * @throws InputError `unknown` where no epoch has it
   */
  column(name: string): number[] {
    this.#require(name);
    return this.#epochs.map((epoch) => valueIn(epoch, name) ?? Number.NaN);
  }

  /**
   * The epoch with the best value, the first of those that are equal; undefined without epochs, or where all are NaN.
   *
   * @param monitor `val_loss` by default, where there is validation, else `loss`
   * @param mode whether the least or the most is best; by default as the name says
   * @throws InputError `unknown`; `missing` where neither `mode` nor the name says what is better
   */
  best(
    monitor = this.last?.validation === undefined ? 'loss' : 'val_loss',
    mode = modeOf(monitor),
  ): FitEpoch<Scalars, Validated> | undefined {
    if (this.#epochs.length > 0) this.#require(monitor);
    let best: FitEpoch<Scalars, Validated> | undefined;
    let least = Infinity;
    for (const epoch of this.#epochs) {
      const value = (valueIn(epoch, monitor) ?? Number.NaN) * (mode === 'min' ? 1 : -1);
      if (value < least || (best === undefined && value === least)) [best, least] = [epoch, value];
    }
    return best;
  }

  /** What `JSON.stringify` takes of it: the epochs, why it stopped. */
  toJSON(): { readonly epochs: readonly FitEpoch<Scalars, Validated>[]; readonly stopped?: string } {
    return { epochs: this.#epochs, ...(this.#stopped === undefined ? {} : { stopped: this.#stopped }) };
  }

  /** A line for each epoch under a line of names, as RFC 4180 has it. */
  toCSV(): string {
    const { names } = this;
    const lines = this.#epochs.map((epoch) => csvCells(epoch, names));
    return [csvHeader(names), ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
  }

  /**
   * Curves over the epochs as text, for a terminal, drawn by the package `simple-ascii-chart`.
   *
   * @param names what is drawn; `loss` and, where there is validation, `val_loss` by default
   * @throws InputError `unknown`; `missing` where the package is not installed
   */
  async plot(
    names = this.#losses(),
    size: { readonly width?: number; readonly height?: number } = {},
  ): Promise<string> {
    return chartOf(
      names.map((name) => ({ name, values: this.column(name) })),
      size,
    );
  }

  /**
   * Curves over the epochs as the text of an SVG picture, for pages and notebooks.
   *
   * @param names what is drawn; `loss` and, where there is validation, `val_loss` by default
   * @throws InputError `unknown`
   */
  toSVG(names = this.#losses(), size: { readonly width?: number; readonly height?: number } = {}): string {
    return svgOf(
      names.map((name) => ({ name, values: this.column(name) })),
      size,
    );
  }

  /** Adds an epoch. @internal */
  add(epoch: FitEpoch<Scalars, Validated>): void {
    this.#epochs.push(epoch);
  }

  /** Says why it ended early. @internal */
  stop(reason: string): void {
    this.#stopped ??= reason;
  }

  /** What `console.log` shows in Node, Deno and Bun. */
  [custom](depth?: number | null, options: { readonly depth?: number | null } = {}): string {
    const title = this.#title();
    if ((depth ?? 0) < (options.depth ?? 0)) return `[${title}]`;
    const ended = this.#stopped === undefined ? '' : `, stopped: ${this.#stopped}`;
    return [`${title}${ended}`, ...tableLines(this.#table())].join('\n');
  }

  /** The table that `console.log` shows. */
  toString(): string {
    return this[custom]();
  }

  #title(): string {
    const count = this.#epochs.length;
    return `History of ${count} epoch${count === 1 ? '' : 's'}`;
  }

  /** A line for each epoch, the best one marked, under a line of names. */
  #table(): string[][] {
    const { names } = this;
    const best = this.best();
    const rows = this.#epochs.map((epoch) => [
      `${epoch === best ? '*' : ''}${epoch.epoch}`,
      ...names.map((name) => shownNumber(valueIn(epoch, name))),
      `${epoch.seconds.toFixed(2)} s`,
    ]);
    return [['epoch', ...names, 'time'], ...rows];
  }

  static {
    displayAs(
      History.prototype,
      async (history) =>
        (await import('./historyHtml.ts')).historyHtml({
          title: history.#title(),
          stopped: history.stopped,
          table: history.#table(),
          picture: history.epochs.length === 0 ? '' : history.toSVG(),
        }),
      (history) => history.toString(),
    );
  }

  #losses(): readonly string[] {
    return this.#epochs.some(({ validation }) => validation !== undefined) ? ['loss', 'val_loss'] : ['loss'];
  }

  #require(name: string): void {
    const { names } = this;
    if (!names.includes(name))
      throw new InputError('unknown', name, `no such value of an epoch${didYouMeanIn(name, names)}`);
  }
}

/** The first line of a log of epochs: what {@link csvCells} gives, by name. */
export function csvHeader(names: readonly string[]): string[] {
  return ['epoch', ...names.map(csvCell), 'seconds'];
}

/** An epoch as the cells of a line. */
export function csvCells(epoch: FitEpoch<object, object>, names: readonly string[]): string[] {
  return [
    String(epoch.epoch),
    ...names.map((name) => String(valueIn(epoch, name) ?? '')),
    String(epoch.seconds),
  ];
}

/** A text as RFC 4180 has it: in quotes where it holds what separates cells. */
function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A number for people, of about five digits. */
export function shownNumber(value: number | undefined): string {
  return value === undefined ? '' : numberText(value);
}

function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, k) => Math.max(...rows.map((row) => row[k]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, k) => cell.padStart(widths[k] ?? 0)).join('  ')}`);
}
