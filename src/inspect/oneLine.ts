/** A text without line breaks and other control characters: the path of a file may hold them, and would break a table. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ');
}
