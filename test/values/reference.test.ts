import { valueSuite } from './suite.ts';
import { reference } from './targets.ts';
import { trajectorySuite } from './trajectories.ts';

valueSuite(reference);
// All steps of the perceptrons and a few of the larger models: WebAssembly takes all of them.
trajectorySuite({ ...reference, steps: 160 });
