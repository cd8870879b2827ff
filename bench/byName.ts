import type { Module } from '../src/index.ts';
import { w1, w2, w2Large, w3 } from './workloads.ts';

const workloads: Readonly<Record<string, Module>> = { w1, w2, 'w2-1024': w2Large, w3 };

/** Names of the workloads. */
export const workloadNames: readonly string[] = Object.keys(workloads);

/** A workload. @throws RangeError for a name that is not there */
export function workloadOf(name: string): Module {
  const module = Object.hasOwn(workloads, name) ? workloads[name] : undefined;
  if (module === undefined)
    throw new RangeError(
      `there is no workload ${JSON.stringify(name)}; there are ${workloadNames.join(', ')}`,
    );
  return module;
}
