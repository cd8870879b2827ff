import { valuesOf } from '../graph/index.ts';
import { type Dtype, shortestFloat } from '../loops/index.ts';
import {
  countOf,
  type Element,
  elementOf,
  type Line,
  type TensorType,
  typeText,
  withElement,
} from './types.ts';

/** Elements that are written as numbers; more stand as their bytes, which read faster, and take less room. */
const MOST_LISTED = 16;

/** One number for all elements of a type. */
export function splat(value: number, type: TensorType): Line {
  return dense(elementText(value, type.element), type);
}

/**
 * Given values, as 32-bit words in base64.
 *
 * @returns truth values that are many as bytes, `ui8`: how a parser packs their bits depends on its version
 */
export function given(words: string, dtype: Exclude<Dtype, 'u8'>, shape: readonly number[]): Line {
  const type: TensorType = { shape, element: elementOf[dtype] };
  const count = countOf(type);
  if (count === 0) return dense('', type);
  if (count <= MOST_LISTED) {
    const texts = valuesOf(words, dtype).map((value) => elementText(value, type.element));
    return dense(nested(texts, shape), type);
  }
  const bytes = atob(words);
  if (dtype === 'bool') return dense(hexadecimal(bytes, 4), withElement(type, 'ui8'));
  return dense(hexadecimal(bytes, 1), type);
}

/** Whole numbers that are few. */
export function integers(values: readonly number[]): Line {
  const type = { shape: [values.length], element: 'i32' } as const;
  return dense(values.length === 0 ? '' : `[${values.join(', ')}]`, type);
}

/** A number as an element of a constant, exactly. */
export function elementText(value: number, element: Element): string {
  switch (element) {
    case 'f32':
      return floatText(Math.fround(value));
    case 'i1':
      return value === 0 ? 'false' : 'true';
    case 'i32':
    case 'ui32':
    case 'ui64':
    case 'ui8':
      // Not -0: integers have one zero.
      return String(value + 0);
    default:
      return element satisfies never;
  }
}

/** The shortest decimal that reads as the float32; infinities and NaN by their bits. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) {
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value);
    return `0x${view.getUint32(0).toString(16).toUpperCase().padStart(8, '0')}`;
  }
  if (Object.is(value, -0)) return '-0.0';
  // Whole numbers keep all of their digits: they are bounds, more often than not.
  const isWhole = Number.isInteger(value) && Math.abs(value) < 1e15;
  const [mantissa = '', exponent] = String(isWhole ? value : shortestFloat(value)).split('e');
  // MLIR takes a number without a point for an integer.
  const pointed = mantissa.includes('.') ? mantissa : `${mantissa}.0`;
  return exponent === undefined ? pointed : `${pointed}e${exponent}`;
}

function dense(elements: string, type: TensorType): Line {
  return { text: `stablehlo.constant dense<${elements}> : ${typeText(type)}`, type };
}

/** `[[1, 2], [3, 4]]`. */
function nested(texts: readonly string[], shape: readonly number[]): string {
  let items = texts;
  for (const extent of [...shape].reverse()) {
    const count = items.length / extent;
    const rows = items;
    items = Array.from(
      { length: count },
      (_, k) => `[${rows.slice(k * extent, (k + 1) * extent).join(', ')}]`,
    );
  }
  return items.join(', ');
}

/** One of `step` bytes, from the first on, in the digits that MLIR takes for memory. */
function hexadecimal(bytes: string, step: number): string {
  // As letters in memory: a text for each byte would take fifty times as much.
  const digits = new Uint8Array(2 * Math.ceil(bytes.length / step));
  for (let k = 0; k < digits.length; k += 2) {
    const byte = bytes.charCodeAt((k / 2) * step);
    digits[k] = DIGITS.charCodeAt(byte >> 4);
    digits[k + 1] = DIGITS.charCodeAt(byte & 15);
  }
  return `"0x${new TextDecoder().decode(digits)}"`;
}

const DIGITS = '0123456789ABCDEF';
