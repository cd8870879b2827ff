/** A number to some digits; a dash for what cannot be told, such as a rate where a clock was too coarse. */
export function digits(value: number, precision = 3): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(precision))) : '–';
}

/** A part of a whole in hundredths, to two digits. */
export function percent(part: number): string {
  return digits(100 * part, 2);
}

/** `1 thread`, `2 threads`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** A name in so many characters at most. */
export function cut(name: string, most: number): string {
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`;
}
