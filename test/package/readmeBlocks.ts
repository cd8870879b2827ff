import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The text of README.md. */
export const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');

/** A block between fences. */
interface Block {
  /** What stands after the fence: `ts`, `console`, or nothing. */
  readonly language: string;
  readonly text: string;
  /** The file that the paragraph before the block names, where it does: `` `model.ts` declares … ``. */
  readonly file: string | undefined;
}

/** A command that a block shows, and what it prints there. */
export interface Command {
  readonly command: string;
  /** Lines; `…` stands for lines that are left out. Undefined where nothing is shown. */
  readonly printed: readonly string[] | undefined;
}

/** All blocks, in order. */
export const blocks: readonly Block[] = [
  ...readme.matchAll(/(?:^([^\n]*)\n\n)?^```(\w*)\n([\s\S]*?)^```$/gm),
].map(([, before = '', language = '', text = '']) => ({
  language,
  text,
  file: /`(\w+\.ts)`/.exec(before)?.[1],
}));

/** The examples by their files, in order. */
export const examples: ReadonlyMap<string, string> = new Map(
  blocks
    .filter(({ language }) => language === 'ts')
    .map(({ file, text }, k) => [file ?? `example${k}.ts`, text] as const),
);

/** The commands of all `console` blocks, in order. */
export const commands: readonly Command[] = blocks
  .filter(({ language }) => language === 'console')
  .flatMap(({ text }) => text.split(/^\$ /m).slice(1))
  .map((shown) => {
    const [command = '', ...lines] = shown.trimEnd().split('\n');
    return { command, printed: lines.length === 0 ? undefined : lines };
  });

/**
 * Whether `output` is what is shown.
 *
 * @param printed lines; those between two `…` follow one another in `output` too
 */
export function isShown(printed: readonly string[], output: string): boolean {
  const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const parts = `\n${printed.join('\n')}\n`.split('\n…').map(escaped);
  return new RegExp(`^${parts.join('[^]*')}$`).test(`\n${output.trimEnd()}\n`);
}
