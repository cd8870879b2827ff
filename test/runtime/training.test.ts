import { describe } from 'vitest';
import { targets } from './targets.ts';
import { trainingSuite } from './trainingSuite.ts';

for (const target of targets) describe(`on ${target.name}`, () => trainingSuite(target));
