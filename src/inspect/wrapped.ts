/**
 * A text in lines of so many characters at most, broken between words; a word that is longer has a line of its own.
 *
 * @param indent of all lines but the first
 */
export function wrapped(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const isFirst = line === '' || line === indent;
    const next = isFirst ? `${line}${word}` : `${line} ${word}`;
    if (!isFirst && [...next].length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = next;
  }
  return [...lines, line];
}
