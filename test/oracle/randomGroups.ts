import { compileModule } from '../../src/compile.ts';
import { machines } from '../../src/machine/index.ts';
import { type Group, singletons } from '../../src/schedule/group.ts';
import { numberedModule } from '../compile/agreement.ts';
import { randomContraction } from './randomContraction.ts';
import type { RandomCase } from './randomGraph.ts';
import { randomRows } from './randomRows.ts';

/** A random module by its number: of any operations, of contractions, and of contractions with something row by row after. */
export function mixedModule(seed: number): RandomCase {
  const draw = [randomRows, randomContraction, numberedModule][seed % 3] ?? numberedModule;
  return draw(seed);
}

/**
 * Groups without schedules by a number: those that a random module's loops become, with and without barriers, and its
 * loops each by itself.
 */
export function randomGroups(seed: number): Group[] {
  const { module } = mixedModule(seed);
  const machine = machines[seed % 2 === 0 ? 'webgpu' : 'webgpu-software'];
  return [...compileModule(module, machine).entries.values()].flatMap(({ loops, stages }) => [
    ...singletons(loops),
    // Partial results are as many as the workgroups of one schedule.
    ...stages
      .flatMap(({ groups }) => groups)
      .map(({ schedule: _, ...group }) => ({ ...group, partials: [] })),
  ]);
}
