import type { Module } from '../src/index.ts';
import type { DataFor } from './steps.ts';
import { characters } from './workloads/characters.ts';
import { digits } from './workloads/digitRows.ts';
import { images } from './workloads/imageRows.ts';
import { wordPairs } from './workloads/wordPairs.ts';
import { w1, w2, w2Large, w3, w5, w5Dropout, w6, w7, w8, w9 } from './workloads.ts';

/** A module and rows that it trains on. */
export interface Workload {
  readonly module: Module;
  readonly data: () => DataFor | Promise<DataFor>;
  /** Steps of a run on WebAssembly where nothing else is asked for, which take seconds at most; a software adapter takes a tenth. */
  readonly steps: number;
}

const workloads: Readonly<Record<string, Workload>> = {
  w1: { module: w1, data: digits, steps: 200 },
  w2: { module: w2, data: digits, steps: 200 },
  'w2-1024': { module: w2Large, data: digits, steps: 25 },
  w3: { module: w3, data: digits, steps: 40 },
  w5: { module: w5, data: () => characters(65, 64), steps: 15 },
  'w5-dropout': { module: w5Dropout, data: () => characters(65, 64), steps: 15 },
  w6: { module: w6, data: () => images(3, 32), steps: 2 },
  w7: { module: w7, data: () => characters(65, 32), steps: 40 },
  w8: { module: w8, data: () => wordPairs(10_000, 5), steps: 10 },
  w9: { module: w9, data: () => images(3, 32), steps: 40 },
};

/** Names of the workloads. */
export const workloadNames: readonly string[] = Object.keys(workloads);

/** A workload. @throws RangeError for a name that is not there */
export function workloadOf(name: string): Workload {
  const workload = Object.hasOwn(workloads, name) ? workloads[name] : undefined;
  if (workload === undefined)
    throw new RangeError(
      `there is no workload ${JSON.stringify(name)}; there are ${workloadNames.join(', ')}`,
    );
  return workload;
}
