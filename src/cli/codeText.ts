import { readFileSync } from 'node:fs';

/** Bytes that tell what a file is. */
const ENOUGH = 65_536;

/**
 * What a file holds that is named as code and is something else: `an HTML page`, as `npm` and servers give in the place of a file
 * that they lack; undefined where it may be code.
 */
export function otherThanCode(path: string): string | undefined {
  const bytes = readFileSync(path);
  const text = new TextDecoder().decode(bytes.subarray(0, ENOUGH));
  if (bytes.length === 0) return 'nothing: it is empty';
  if (text.includes('\0')) return 'bytes, and no text in UTF-8';
  if (isBroken(bytes)) return 'bytes, and no text in UTF-8';
  if (/^\s*<(?:!doctype html|html|\?xml)\b/i.test(text)) return 'a page of markup';
  return isJson(bytes, text) ? 'JSON' : undefined;
}

/** Whether bytes are not UTF-8. */
function isBroken(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return false;
  } catch {
    return true;
  }
}

/** Whether a file is JSON: an object, or a list of anything but calls; a text alone is a directive of a script. */
function isJson(bytes: Uint8Array, text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(new TextDecoder().decode(bytes));
    return true;
  } catch {
    return false;
  }
}
