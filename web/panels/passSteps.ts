import type { LookPass } from '../../src/inspect/look.ts';

/** A pass, and what it began with. */
export interface PassStep {
  readonly pass: LookPass;
  /** The last pass before it, of the same entry, that gave something new: what it took. Its text may have been too long to keep. */
  readonly before?: LookPass;
  /** Whether it gave what it took: it is a pass between levels, and its text is no other. */
  readonly isUnchanged: boolean;
}

/** Each pass with the one before it whose result it took. */
export function passSteps(passes: readonly LookPass[]): PassStep[] {
  const last = new Map<string, LookPass>();
  return passes.map((pass) => {
    const { entry } = pass;
    const before = entry === undefined ? undefined : last.get(entry);
    if (entry !== undefined && isNew(pass)) last.set(entry, pass);
    return {
      pass,
      ...(before === undefined ? {} : { before }),
      isUnchanged: pass.level !== undefined && !isNew(pass),
    };
  });
}

function isNew({ text, characters }: LookPass): boolean {
  return text !== undefined || characters !== undefined;
}
