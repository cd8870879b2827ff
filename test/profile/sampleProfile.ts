import type { Profile } from '../../src/profile/profile.ts';

/** A profile of two steps in one call: 30 and 10 microseconds by their medians, of which 20 and 5 are predicted. */
export const sampleProfile: Profile = {
  module: 'sample',
  target: 'wasm',
  machine: { name: 'wasm', about: 'four cores of a laptop', dispatchMicros: 1.5 },
  threads: 2,
  adapter: null,
  entry: 'train',
  steps: 2,
  stepsPerCall: 2,
  wall: { low: 50, median: 50, high: 50 },
  kernels: { low: 39, median: 41, high: 41 },
  predictedMicros: 28,
  flops: 7000,
  bytes: 4200,
  dispatches: [
    {
      name: 'hidden_to_somewhere_far_from_here_and_back',
      kernel: 'hidden',
      kind: 'rows',
      predicted: { micros: 20, limit: 'arithmetic' },
      flops: 6000,
      bytes: 4000,
      roofline: { micros: 15, limit: 'arithmetic' },
      measured: {
        low: 29,
        median: 30,
        high: 30,
        ratio: 1.5,
        share: 0.75,
        gigaflops: 0.2,
        gigabytes: 0.133,
        roofline: 0.5,
      },
    },
    {
      name: 'loss',
      kernel: 'loss',
      kind: 'packed',
      predicted: { micros: 5, limit: 'memory' },
      flops: 1000,
      bytes: 200,
      roofline: { micros: 1, limit: 'memory' },
      measured: {
        low: 10,
        median: 10,
        high: 11,
        ratio: 2,
        share: 0.25,
        gigaflops: 0.1,
        gigabytes: 0.02,
        roofline: 0.1,
      },
    },
  ],
  calls: [
    {
      begin: 0,
      duration: 100,
      steps: [
        [29, 10],
        [30, 11],
      ],
    },
  ],
};

/** The same where nothing could be timed but calls. */
export const untimed: Profile = {
  ...sampleProfile,
  kernels: null,
  calls: [],
  dispatches: sampleProfile.dispatches.map((dispatch) => ({ ...dispatch, measured: null })),
};
