import { noteTimes, type Profiling } from './profiling.ts';
import type { Entry, Program } from './program.ts';
import type { Profiler, Stopwatch } from './stopwatch.ts';

/** Timestamps that a query set may hold. */
const MOST_QUERIES = 4096;
const QUERY_RESOLVE = 512;
const COPY_SRC = 4;

/**
 * Times programs by the device's own timestamps, where it has them: `start(program, { profiler: timestamps('dispatches') })`.
 * Apart from the runtime, so that pages that time nothing do not load it.
 *
 * @param kind `steps`: the mean step of each submit; `dispatches`: every dispatch, each in a pass of its own
 */
export function timestamps(kind: Kind): Profiler {
  return (device, program) =>
    device.features.has('timestamp-query') ? stopwatch(device, kind, mostDispatches(program)) : undefined;
}

/** Dispatches of a step, of the entry that has the most. */
function mostDispatches({ entries }: Program): number {
  return Object.values(entries).reduce((most, { steps }) => Math.max(most, steps.length), 1);
}

type Kind = Exclude<Profiling, 'none'>;

function stopwatch(device: GPUDevice, kind: Kind, most: number): Stopwatch {
  const isEach = kind === 'dispatches';
  const mostSteps = isEach ? Math.max(1, Math.floor(MOST_QUERIES / 2 / most)) : Infinity;
  const count = isEach ? 2 * most * mostSteps : 2;
  const bytes = 8 * count;
  const querySet = device.createQuerySet({ type: 'timestamp', count });
  const times = device.createBuffer({ label: 'times', size: bytes, usage: QUERY_RESOLVE | COPY_SRC });
  const timings = new Map<string, number[][]>();
  let queries = 0;
  return {
    mostSteps,
    bytes,
    timings,
    isEach,
    next: () => ({
      timestampWrites: {
        querySet,
        beginningOfPassWriteIndex: queries++,
        endOfPassWriteIndex: queries++,
      },
    }),
    resolve: (encoder, staging, offset) => {
      encoder.resolveQuerySet(querySet, 0, queries, times, 0);
      encoder.copyBufferToBuffer(times, 0, staging, offset, queries * 8);
      queries = 0;
    },
    note: (name: string, entry: Entry, steps, read, offset) => {
      const stamps = new BigUint64Array(read, offset);
      const [columns, samples, each] = isEach ? [entry.steps.length, steps, 1] : [1, 1, steps];
      noteTimes(timings, name, columns, samples, (i, column) => {
        const k = 2 * (i * columns + column);
        return Number((stamps[k + 1] ?? 0n) - (stamps[k] ?? 0n)) / 1000 / each;
      });
    },
    dispose: () => {
      times.destroy();
      querySet.destroy();
    },
  };
}
