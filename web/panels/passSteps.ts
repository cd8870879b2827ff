import type { LookPass } from '../../src/inspect/look.ts';

/** A pass, and what it began with. */
export interface PassStep {
  readonly pass: LookPass;
  /** The last pass before it, of the same entry, that has a text: what it took. */
  readonly before?: LookPass & { readonly text: string };
  /** Whether it gave what it took: it is a pass between levels, and has no text of its own. */
  readonly isUnchanged: boolean;
}

/** Each pass with the one before it whose text it took. */
export function passSteps(passes: readonly LookPass[]): PassStep[] {
  const last = new Map<string, LookPass & { readonly text: string }>();
  return passes.map((pass) => {
    const before = pass.entry === undefined ? undefined : last.get(pass.entry);
    if (pass.entry !== undefined && hasText(pass)) last.set(pass.entry, pass);
    return {
      pass,
      ...(before === undefined ? {} : { before }),
      isUnchanged: pass.level !== undefined && pass.text === undefined,
    };
  });
}

function hasText(pass: LookPass): pass is LookPass & { readonly text: string } {
  return pass.text !== undefined;
}
