import type { Trace, Traced } from '../trace.ts';
import type { LookPass } from './look.ts';

/**
 * Passes and what was timed beside them, in the order in which they ran, with the texts of what they gave.
 *
 * @param most characters of texts in all. Where there are more, the longest are left out: what is small is read best, and of what is
 *   left out the length is told.
 */
export function lookPasses(trace: Trace, most: number, onProgress: (doing: string) => void): LookPass[] {
  const byTiming = new Map(trace.passes.map((pass) => [pass.timing, pass]));
  const all = trace.timings.map((timing) => {
    const pass = byTiming.get(timing);
    if (pass !== undefined) onProgress(`text of ${pass.pass} of ${pass.entry}`);
    return { timing, pass, text: textOf(pass) };
  });
  const isKept = keptOf(
    all.map(({ text }) => text?.length ?? 0),
    most,
  );
  return all.map(({ timing: { entry, name, milliseconds, verifying }, pass, text }, k): LookPass => {
    return {
      ...(entry === undefined ? {} : { entry }),
      name,
      ...(pass === undefined ? {} : { level: pass.level }),
      milliseconds,
      verifying,
      ...shownOf(text, isKept[k] === true),
    };
  });
}

function shownOf(text: string | undefined, isKept: boolean): Pick<LookPass, 'text' | 'characters'> {
  if (text === undefined) return {};
  return isKept ? { text } : { characters: text.length };
}

/** What a pass gave, where that is not what was there before. */
function textOf(pass: Traced | undefined): string | undefined {
  return pass === undefined || pass.unchanged() ? undefined : pass.text();
}

/** Which of some texts are kept, by their lengths: the shortest first, as long as all together have room. */
function keptOf(lengths: readonly number[], most: number): boolean[] {
  const isKept = lengths.map(() => false);
  const byLength = [...lengths.entries()].sort(([, a], [, b]) => a - b);
  let used = 0;
  for (const [k, length] of byLength) {
    used += length;
    if (used > most) break;
    isKept[k] = true;
  }
  return isKept;
}
