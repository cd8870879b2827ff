import { bytesText, scaled } from '../../src/inspect/reportText.ts';

export { bytesText } from '../../src/inspect/reportText.ts';

/** Microseconds in three digits, in the unit that reads best: `940 ns`, `12.3 µs`, `4.56 ms`, `1.20 s`. */
export function microsText(micros: number): string {
  if (micros === 0) return '0 µs';
  if (micros < 1) return `${(micros * 1000).toPrecision(3)} ns`;
  if (micros < 999.5) return `${micros.toPrecision(3)} µs`;
  if (micros < 999_500) return `${(micros / 1000).toPrecision(3)} ms`;
  return `${(micros / 1e6).toPrecision(3)} s`;
}

/** Microseconds at a mark of an axis: without zeros that say nothing. */
export function microsTick(micros: number): string {
  return short(microsText(micros));
}

/** Bytes at a mark of an axis. */
export function bytesTick(bytes: number): string {
  return short(bytesText(bytes));
}

/** Rates at a mark of an axis. */
export function rateTick(gigaflops: number): string {
  return short(rateText(gigaflops));
}

/** `2.5 ms` for `2.50 ms`, `1 s` for `1.00 s`. */
function short(text: string): string {
  return text.replace(/(\.\d*?)0+(?= )/, (_, kept: string) => (kept === '.' ? '' : kept));
}

/** `940 µs`, `12.3 ms`, `1.20 s`: of milliseconds. */
export function millisText(milliseconds: number): string {
  return microsText(1000 * milliseconds);
}

/** `26.2 MFLOP`, of floating-point operations. */
export function flopsText(flops: number): string {
  return `${scaled(rounded(flops))}FLOP`;
}

/** `1.20 TFLOP/s`, of billions a second. */
export function rateText(gigaflops: number): string {
  return `${scaled(rounded(1e9 * gigaflops))}FLOP/s`;
}

/** `3.35 TB/s`, of billions of bytes a second. */
export function bandwidthText(gigabytes: number): string {
  return `${scaled(rounded(1e9 * gigabytes))}B/s`;
}

/** `0.25 FLOP/B`: how much arithmetic there is for each byte. */
export function intensityText(intensity: number): string {
  return `${digits(intensity)} FLOP/B`;
}

/** `12,345`. */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 dispatch`, `2 dispatches`: a count with its noun. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : plural}`;
}

/** `12 %`, `0.4 %`, `<0.1 %`: of a part, from 0 to 1. */
export function percentText(part: number): string {
  const percent = 100 * part;
  if (percent > 0 && percent < 0.1) return '<0.1 %';
  return `${percent >= 10 ? percent.toFixed(0) : Number(percent.toFixed(1))} %`;
}

/** `×1.25`, and `÷40` for what is less than a tenth: what is, as a multiple of what was; a dash where that is no number. */
export function ratioText(ratio: number): string {
  if (!Number.isFinite(ratio)) return '–';
  const [sign, times] = ratio > 0 && ratio < 0.1 ? ['÷', 1 / ratio] : ['×', ratio];
  return `${sign}${times < 999.5 ? digits(times) : countText(Number(times.toPrecision(3)))}`;
}

/** `+1.2 kB`, `−3 µs`, `±0`: a difference, spelled as its size is. */
export function signedText(difference: number, text: (size: number) => string): string {
  if (difference === 0) return '±0';
  return `${difference > 0 ? '+' : '−'}${text(Math.abs(difference))}`;
}

/** To three digits, without an exponent where it can be read without one. */
export function digits(value: number): string {
  if (value === 0) return '0';
  const short = Number(value.toPrecision(3));
  return Math.abs(short) >= 1e-4 ? String(short) : short.toExponential();
}

/** The same as a number; whole numbers below a thousand stay as they are. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(3));
}
