import { readFileSync, statSync } from 'node:fs';
import type { Module } from '../../graph/index.ts';
import type { SourceFile } from '../../inspect/look.ts';

/** Bytes of a file that a page shows at most: what is longer was made by a program, and nobody reads it. */
const MOST_BYTES = 2_000_000;

/**
 * The texts of the files that built a module, as nodes name them. What is not there any more, was bundled or is not a text is left
 * out.
 */
export function sourceTexts({ graph }: Module): SourceFile[] {
  return [...graph.sourceFiles.paths].flatMap(([name, path]) => {
    const text = textOf(path);
    return text === undefined ? [] : [{ name, text }];
  });
}

function textOf(path: string): string | undefined {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > MOST_BYTES) return undefined;
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch {
    // Deleted, not to be read, or not a text.
    return undefined;
  }
}
