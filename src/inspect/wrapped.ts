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

/** Columns of a text where nobody says how many, at least and at most. */
const [LEAST_WIDTH, USUAL_WIDTH, MOST_WIDTH] = [60, 80, 120];

/** The columns that a text takes of a terminal's: no line is longer than eyes follow. */
export function widthWithin(columns = USUAL_WIDTH): number {
  return Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, columns));
}
