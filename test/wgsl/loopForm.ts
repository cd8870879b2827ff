/** A loop as drivers take it without counting its turns: from a constant to a constant, one after the other. */
const counted = /^for \(var (\w+): i32 = -?\d+; \1 < -?\d+; \1\+\+\) \{$/;

/** The lines of a WGSL text that begin a loop of another form. */
export function otherLoops(code: string): string[] {
  const lines = code.split('\n').map((line) => line.trim());
  return lines.filter((line) => /^(for|while|loop)\b/.test(line) && !counted.test(line));
}
