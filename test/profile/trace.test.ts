import { expect, test } from 'vitest';
import { type TraceFile, traceOf } from '../../src/profile/trace.ts';
import { sampleProfile, untimed } from './sampleProfile.ts';

type Slice = Extract<TraceFile['traceEvents'][number], { ph: 'X' }>;

/** What a reader of the format gets: slices by track. */
function tracksOf(file: TraceFile): Map<string, Slice[]> {
  const events: TraceFile['traceEvents'] = JSON.parse(JSON.stringify(file)).traceEvents;
  const tracks = new Map<string, Slice[]>();
  for (const event of events) {
    if (event.ph !== 'M' || event.name !== 'thread_name' || !('name' in event.args)) continue;
    const slices = events.filter((other): other is Slice => other.ph === 'X' && other.tid === event.tid);
    tracks.set(event.args.name, slices);
  }
  return tracks;
}

test('a trace has tracks of calls, of what is measured and of what is predicted, with steps that hold their dispatches', () => {
  const tracks = tracksOf(traceOf(sampleProfile));
  expect([...tracks.keys()]).toEqual([
    'host: calls',
    '2 threads: measured',
    'model of machine wasm: predicted',
  ]);
  const times = [...tracks.values()].map((slices) => slices.map(({ name, ts, dur }) => [name, ts, dur]));
  const [far, loss] = sampleProfile.dispatches.map(({ name }) => name);
  expect(times).toEqual([
    [['train', 0, 100]],
    [
      ['step 1', 0, 39],
      [far, 0, 29],
      [loss, 29, 10],
      ['step 2', 39, 41],
      [far, 39, 30],
      [loss, 69, 11],
    ],
    [
      ['step 1', 0, 28],
      [far, 0, 21.5],
      [loss, 21.5, 6.5],
      ['step 2', 28, 28],
      [far, 28, 21.5],
      [loss, 49.5, 6.5],
    ],
  ]);
});

test('slices of a track nest, or follow one another: the format asks for it', () => {
  for (const slices of tracksOf(traceOf(sampleProfile)).values())
    for (const a of slices)
      for (const b of slices) {
        const [endOfA, endOfB] = [a.ts + a.dur, b.ts + b.dur];
        const isApart = endOfA <= b.ts || endOfB <= a.ts;
        const isWithin = (a.ts <= b.ts && endOfB <= endOfA) || (b.ts <= a.ts && endOfA <= endOfB);
        expect(isApart || isWithin, `${a.name} and ${b.name}`).toBe(true);
      }
});

test('a trace of what was not timed has names of tracks alone', () => {
  expect(traceOf(untimed).traceEvents.every(({ ph }) => ph === 'M')).toBe(true);
});
