import { valueSuite } from './suite.ts';
import { trajectorySuite } from './trajectories.ts';
import { wasm } from './wasm.ts';

valueSuite(wasm(1));
trajectorySuite(wasm(2));
