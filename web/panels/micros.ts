/** Microseconds in three digits, in the unit that reads best: `940 ns`, `12.3 µs`, `4.56 ms`, `1.20 s`. */
export function microsText(micros: number): string {
  if (micros === 0) return '0 µs';
  if (micros < 1) return `${(micros * 1000).toPrecision(3)} ns`;
  if (micros < 999.5) return `${micros.toPrecision(3)} µs`;
  if (micros < 999_500) return `${(micros / 1000).toPrecision(3)} ms`;
  return `${(micros / 1e6).toPrecision(3)} s`;
}
