/** Samples that are changed at random while a model is trained, on the device; what is evaluated sees them as they are. */
export { type CropOptions, crop, type Fill, type ShiftOptions, shift } from './crop.ts';
export { type CutoutOptions, cutout } from './cutout.ts';
export { type FlipOptions, flip } from './flip.ts';
export type { ImageOptions } from './images.ts';
export { type Mixed, type MixUpOptions, mixUp } from './mixUp.ts';
export { type ResampleOptions, rotate, scale } from './resample.ts';
export { brightness, contrast, noise } from './values.ts';
