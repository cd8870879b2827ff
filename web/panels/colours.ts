import type { Role } from '../../src/inspect/look.ts';

/** The golden angle: neighbours in order are far apart in hue, however many there are. */
const STEP = 137.508;

/** The colour of a dispatch by its place in the step. It is never told by colour alone: the number stands beside it. */
export function dispatchColour(dispatch: number): string {
  const hue = (255 + dispatch * STEP) % 360;
  const ofLightness = (percent: number): string => `oklch(${percent}% 0.14 ${hue.toFixed(1)})`;
  return `light-dark(${ofLightness(56)}, ${ofLightness(74)})`;
}

/** What roles are called on the page. */
export const roleNames = {
  data: 'Data',
  forward: 'Forward',
  backward: 'Backward',
  update: 'Update',
} satisfies Record<Role, string>;
