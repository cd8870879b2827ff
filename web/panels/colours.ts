import type { Role } from '../../src/inspect/look.ts';

/** The golden angle: neighbours in order are far apart in hue, however many there are. */
const STEP = 137.508;

/** The colour of a dispatch by its place in the step. It is never told by colour alone: the number stands beside it. */
export function dispatchColour(dispatch: number): string {
  const hue = (255 + dispatch * STEP) % 360;
  return `oklch(var(--dispatch-lightness) var(--dispatch-chroma) ${hue.toFixed(1)})`;
}

/** What roles are called on the page. */
export const roleNames = {
  data: 'Data',
  forward: 'Forward',
  backward: 'Backward',
  update: 'Update',
} satisfies Record<Role, string>;
