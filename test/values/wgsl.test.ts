import { valueSuite } from './suite.ts';
import { trajectorySuite } from './trajectories.ts';
import { wgsl } from './wgsl.ts';

valueSuite(wgsl('webgpu-software'));
// Some steps of the perceptrons, two of the convolutional model: WebAssembly takes all of them.
trajectorySuite(wgsl('webgpu-software', 12));
