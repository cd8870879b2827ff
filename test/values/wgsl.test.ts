import { valueSuite } from './suite.ts';
import { trajectorySuite } from './trajectories.ts';
import { wgsl } from './wgsl.ts';

valueSuite(wgsl('webgpu-software'));
// All steps of the perceptrons, two of the convolutional model.
trajectorySuite(wgsl('webgpu-software', 80));
