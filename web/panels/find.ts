import type { Look } from '../../src/inspect/look.ts';
import type { Places } from './places.ts';

/**
 * The nodes of an entry that a text names, in order: by a part of their label, operation, layer or number, or of the name or
 * number of a dispatch that computes them. All of several words must be found.
 */
export function nodesFound(look: Look, places: Places, text: string): readonly number[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  return places.entry.nodes.filter((id) => {
    const node = look.nodes[id];
    if (node === undefined) return false;
    const dispatches = (places.dispatchesOfNode.get(id) ?? []).map(
      (k) => `#${k} ${places.report.dispatches[k]?.name ?? ''}`,
    );
    const known = [`%${id}`, node.op, node.label ?? '', node.layer.join('.'), ...dispatches]
      .join('\n')
      .toLowerCase();
    return words.every((word) => known.includes(word));
  });
}
