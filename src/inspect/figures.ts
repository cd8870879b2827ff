/** A number to some digits; a dash for what cannot be told, such as a rate where a clock was too coarse. */
export function digits(value: number, precision = 3): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(precision))) : '–';
}

/** `1 thread`, `2 threads`. */
export function count(n: number, noun: string, plural = 's'): string {
  return `${n} ${noun}${n === 1 ? '' : plural}`;
}

/** A text in so many characters at most. */
export function cut(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, Math.max(0, most - 1)).join('')}…`;
}

/** `49 %` */
export function percent(part: number): string {
  const hundredths = 100 * part;
  return `${hundredths > 0 && hundredths < 1 ? '<1' : String(Math.round(hundredths))} %`;
}

/** `180 µs`, `1.2 ms` */
export function micros(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value < 1000 ? `${digits(value)} µs` : `${digits(value / 1000)} ms`;
}
