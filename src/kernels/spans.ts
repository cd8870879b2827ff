/** A line of a kernel's text, and the loop that it computes, where it computes one. */
export interface CodeLine {
  readonly text: string;
  /** The loop's name. */
  readonly loop?: string;
}

/** Lines of a kernel's text that compute one loop, both ends included. Lines count from 1. */
export interface KernelSpan {
  readonly from: number;
  readonly to: number;
  /** The loop's name. */
  readonly loop: string;
}

/** Lines of no loop. */
export function linesOf(text: string): CodeLine[] {
  return text.split('\n').map((line) => ({ text: line }));
}

/** Lines, and those of them that are of no loop yet as lines of one; as they are where it is undefined. */
export function linesOfLoop(lines: readonly CodeLine[], loop: string | undefined): readonly CodeLine[] {
  if (loop === undefined) return lines;
  return lines.map((line) => (line.loop === undefined ? { ...line, loop } : line));
}

/** The text of lines, without an end of the last one. */
export function textOfLines(lines: readonly CodeLine[]): string {
  return lines.map(({ text }) => text).join('\n');
}

/** Which lines compute which loop: neighbours of one loop are one span. */
export function spansOf(lines: readonly CodeLine[]): KernelSpan[] {
  const spans: KernelSpan[] = [];
  for (const [k, { loop }] of lines.entries()) {
    if (loop === undefined) continue;
    const before = spans.at(-1);
    if (before?.loop === loop && before.to === k) spans[spans.length - 1] = { ...before, to: k + 1 };
    else spans.push({ from: k + 1, to: k + 1, loop });
  }
  return spans;
}
