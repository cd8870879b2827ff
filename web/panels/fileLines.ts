import type { Look } from '../../src/inspect/look.ts';
import { type Lines, linesOf } from './litLines.ts';
import { placesOf } from './places.ts';
import { firstEntry } from './select.ts';
import type { Picked, Selection } from './selection.ts';

/** What lines of one of the user's files stand for: what is picked, what follows from it, and the dispatches that compute them. */
export function linesOfFile(look: Look, selection: Selection, file: string): Lines {
  const asked = selection.entry.value;
  // A look that follows another may lack the entry that was shown.
  const places = placesOf(look, look.entries[asked] === undefined ? firstEntry(look) : asked);
  const marks = new Map<number, readonly number[]>();
  for (const [line, ids] of places.nodesOfLine.get(file) ?? []) {
    const dispatches = new Set(ids.flatMap((id) => places.dispatchesOfNode.get(id) ?? []));
    marks.set(
      line,
      [...dispatches].sort((a, b) => a - b),
    );
  }
  return linesOf(selection.lit.value.lines.get(file), marks, {
    picked: lineIn(selection.picked.value, file),
    second: lineIn(selection.second.value, file),
  });
}

function lineIn(picked: Picked | undefined, file: string): number | undefined {
  return picked?.kind === 'line' && picked.file === file ? picked.line : undefined;
}
