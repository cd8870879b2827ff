import { readFileSync } from 'node:fs';
import type { Stage } from '../src/fuse/index.ts';
import { parseStages } from '../src/fuse/text.ts';

/**
 * Partitions that an earlier fusion made, by rules with thresholds, of a training step each: what a later one must not
 * be slower than. `residual-apart` is the block of `residual` without row programs. The first lines of each text say
 * how it was made.
 */
export const partitionNames = ['w5', 'residual', 'residual-apart'] as const;

/** The stages of a partition. @throws LoopTextError where its text is broken */
export function partition(name: (typeof partitionNames)[number]): Stage[] {
  return parseStages(readFileSync(new URL(`partitions/${name}.stages`, import.meta.url), 'utf8'));
}
