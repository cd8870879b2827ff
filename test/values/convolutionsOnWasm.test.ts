import { convolutionSuite } from './convolutions.ts';
import { wasm } from './wasm.ts';

convolutionSuite(wasm(2));
