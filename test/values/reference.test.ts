import { valueSuite } from './suite.ts';
import { reference } from './targets.ts';
import { trajectorySuite } from './trajectories.ts';

valueSuite(reference);
trajectorySuite(reference);
