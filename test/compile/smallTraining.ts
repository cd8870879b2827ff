import { rows } from './smallModel.ts';

/** Four shuffled epochs of the small model, of seven steps each, the last of which is short, with a falling rate. */
export const smallTraining = {
  data: rows(6 * 16 + 5),
  epochs: 4,
  shuffle: true,
  params: { lr: (step: number): number => 0.02 / Math.sqrt(step) },
};
