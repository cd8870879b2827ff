import type { Compilation } from './compile.ts';
import { reasonText } from './fuse/index.ts';

/** What `SINTER_DEBUG` may name, separated by commas. */
export const debugTopics = {
  passes: 'what each pass made, with its time',
  decisions: 'what fusion did and refused, and why',
  kernels: 'the text of every kernel',
} as const;

/**
 * The trace of a compilation as text.
 *
 * @param topics names out of `debugTopics`, separated by commas; for another, the text says which there are
 */
export function debugText(compilation: Compilation, topics: string): string {
  const wanted = new Set(topics.split(',').map((topic) => topic.trim()));
  const parts: string[] = [];
  const unknown = [...wanted].filter((topic) => topic !== '' && !Object.hasOwn(debugTopics, topic));
  if (unknown.length > 0) {
    const known = Object.entries(debugTopics).map(([topic, about]) => `  ${topic}: ${about}\n`);
    parts.push(`SINTER_DEBUG has no topic ${unknown.join(', ')}; there are\n${known.join('')}`);
  }
  if (wanted.has('passes')) {
    for (const pass of compilation.trace.passes) {
      const heading = `# ${pass.entry}: ${pass.pass} gives ${pass.level}, ${pass.timing.milliseconds.toFixed(1)} ms`;
      parts.push(pass.unchanged() ? `${heading}, unchanged\n` : `${heading}\n${pass.text()}`);
    }
  }
  if (wanted.has('decisions')) {
    for (const [entry, { decisions }] of compilation.entries) {
      const lines = decisions.all.map(
        (d) => `  ${d.move} ${d.from} → ${d.to}: ${d.taken ? 'done' : 'refused'}, ${reasonText(d.reason)}\n`,
      );
      parts.push(`# ${entry}: decisions\n${lines.join('')}`);
    }
  }
  if (wanted.has('kernels')) for (const kernel of compilation.program.kernels) parts.push(kernel.code);
  return parts.join('\n');
}
