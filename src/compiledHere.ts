import type { Program } from './runtime/program.ts';

const known = new WeakSet<Program>();

/**
 * Marks a program whose kernels were verified as they were compiled, in this process, and freezes it whole: what the mark
 * says of it stays true. It says that no index leaves its tensor, given the numbers of rows and the live extents that the
 * runtime makes. Nothing that a program holds can say so: one that is read from JSON is code from elsewhere.
 */
export function markCompiledHere(program: Program): Program {
  freeze(program);
  known.add(program);
  return program;
}

/** Whether a program was compiled by this process; false of a copy. */
export function isCompiledHere(program: Program): boolean {
  return known.has(program);
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}
