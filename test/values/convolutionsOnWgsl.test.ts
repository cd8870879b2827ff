import { convolutionSuite } from './convolutions.ts';
import { wgsl } from './wgsl.ts';

convolutionSuite(wgsl('webgpu-software'));
convolutionSuite(wgsl('webgpu'));
