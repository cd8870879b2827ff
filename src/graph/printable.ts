/**
 * What no name holds, for names come out on terminals, in comments of code and in errors: control and format characters
 * (escapes, turns of the direction of writing), ends of lines, halves of surrogate pairs. Joiners of emoji and of scripts
 * that need them are letters here.
 */
export const unprintable = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const everywhere = new RegExp(unprintable, 'gu');

/** A text of whoever it is, as it can be printed anywhere: what would not print stands as an escape, `\\u{1b}`. */
export function printable(text: string): string {
  return text.replaceAll(everywhere, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}
