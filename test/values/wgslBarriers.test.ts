import { valueSuite } from './suite.ts';
import { trajectorySuite } from './trajectories.ts';
import { wgsl } from './wgsl.ts';

// The kernels for hardware, with workgroup memory and barriers, which a software driver runs slowly.
valueSuite(wgsl('webgpu'));
trajectorySuite(wgsl('webgpu', 2));
