import { Names } from './names.ts';
import { type Line, type TensorType, typeText, type Value } from './types.ts';

/** The lines of one function while it is written. */
export class Scope {
  readonly #lines: string[] = [];
  readonly #names = new Names();
  readonly #kept = new Map<string, Value>();
  #count = 0;
  #place = '';

  /** The lines so far, without indentation. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** An argument, or whatever else is named without a line. @param wish an identifier */
  named(wish: string, type: TensorType): Value {
    return { name: `%${this.#names.fresh(wish)}`, type };
  }

  /** What stands behind the lines that follow: `loc("model.ts":12:1)`, or nothing. */
  at(place: string): void {
    this.#place = place === '' ? '' : ` ${place}`;
  }

  /** Writes a line: its value is called as it is wished, else by a number. */
  let({ text, type }: Line, wish?: string): Value {
    const value = wish === undefined ? { name: `%${this.#count++}`, type } : this.named(wish, type);
    this.#lines.push(`${value.name} = ${text}${this.#place}`);
    return value;
  }

  /** The value of a line that may have been written before: constants, indices, masks. */
  keep(line: Line): Value {
    const key = `${line.text} ${typeText(line.type)}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const value = this.let(line);
    this.#kept.set(key, value);
    return value;
  }

  /** Writes a line that names nothing, such as `return`. */
  end(text: string): void {
    this.#lines.push(text);
  }
}
