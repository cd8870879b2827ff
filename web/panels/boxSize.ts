import type { Look, LookNode } from '../../src/inspect/look.ts';
import type { Box } from './boxes.ts';

/** Letters of a title, and of the smaller line under it, that are drawn; the rest is in the tooltip. */
const MOST_LETTERS = 24;
const MOST_SMALL = 26;

/** The widths of their letters, and what stands beside a text, in pixels. */
const LETTER = 7;
const SMALL = 5.8;
const BESIDE = 30;

/** How large a closed box is drawn. */
export function sizeOf(look: Look, box: Box): { readonly width: number; readonly height: number } {
  const [id = -1] = box.nodes;
  const isNode = box.kind === 'node';
  const title = Math.min(box.title.length + (isNode ? 0 : 2), MOST_LETTERS);
  const below = Math.min(secondLine(box, isNode ? look.nodes[id] : undefined).length, MOST_SMALL);
  return {
    width: Math.round(Math.max(56, title * LETTER, below * SMALL) + BESIDE),
    height: isNode ? 36 : 42,
  };
}

/** What stands under the title: how many nodes are in it, or its operation and its shape. */
export function secondLine(box: Box, node: LookNode | undefined): string {
  if (node === undefined) return `${box.nodes.length} nodes`;
  return node.label === undefined ? node.shape : `${node.op} ${node.shape}`;
}
