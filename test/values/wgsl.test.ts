import { valueSuite } from './suite.ts';
import { trajectorySuite } from './trajectories.ts';
import { wgsl } from './wgsl.ts';

valueSuite(wgsl('webgpu-software'));
trajectorySuite(wgsl('webgpu-software'));
