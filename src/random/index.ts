/** Random numbers on the device: each place that declares some draws others, at each step others again. */
export { bernoulli } from './bernoulli.ts';
export { type NormalOptions, normal, type UniformOptions, uniform } from './floats.ts';
export { integers, permutation } from './integers.ts';
export type { StreamOptions } from './stream.ts';
