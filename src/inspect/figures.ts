/** `49 %` */
export function percent(part: number): string {
  const hundredths = 100 * part;
  return `${hundredths > 0 && hundredths < 1 ? '<1' : String(Math.round(hundredths))} %`;
}

/** `180 µs`, `1.2 ms` */
export function micros(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const [number, unit] = value < 1000 ? [value, 'µs'] : [value / 1000, 'ms'];
  return `${Number(number.toPrecision(3))} ${unit}`;
}

/** A number with commas between thousands. */
export function grouped(n: number): string {
  return String(n).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
