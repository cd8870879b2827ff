import type { DispatchProfile, Profile } from './profile.ts';

/** Trace events as JSON: the object form of Chrome's format, which Perfetto opens. */
export interface TraceFile {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: 'ms' | 'ns';
  readonly otherData: Readonly<Record<string, string>>;
}

/**
 * An event of the format (Trace Event Format, Google, 2016): a slice of a track, or what names a process or a track, and says in
 * which order tracks are shown.
 */
export type TraceEvent = Slice | Metadata;

interface Slice {
  readonly ph: 'X';
  readonly name: string;
  readonly cat: string;
  readonly pid: number;
  /** The track. */
  readonly tid: number;
  /** Microseconds, as is `dur`. */
  readonly ts: number;
  readonly dur: number;
  readonly args: Readonly<Record<string, number | string>>;
}

interface Metadata {
  readonly ph: 'M';
  readonly name: 'process_name' | 'thread_name' | 'thread_sort_index';
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name: string } | { readonly sort_index: number };
}

/** All tracks are of one process. */
const PROCESS = 1;

/** Tracks, in the order in which they are shown. */
const tracks = { host: 1, device: 2, model: 3 } as const;

/**
 * The time line of a profile: the calls of the host, the steps and dispatches that ran in each, and as many steps as the model
 * predicts them. Of a dispatch its duration is measured, and not when it began: those of a call are put one after the other
 * from the call's begin on.
 *
 * @returns no slices where nothing was timed
 */
export function traceOf(profile: Profile): TraceFile {
  const { module, target, threads, entry, dispatches, machine, calls } = profile;
  const ran = threads === null ? 'queue of the device' : `${threads} thread${threads === 1 ? '' : 's'}`;
  const predicted = dispatches.map(({ predicted: { micros } }) => machine.dispatchMicros + micros);
  const events: TraceEvent[] = [
    { ph: 'M', name: 'process_name', pid: PROCESS, tid: 0, args: { name: `${module} for ${target}` } },
    ...trackEvents(tracks.host, 'host: calls'),
    ...trackEvents(tracks.device, `${ran}: measured`),
    ...trackEvents(tracks.model, `model of machine ${machine.name}: predicted`),
  ];
  let number = 0;
  let model = 0;
  for (const { begin, duration, steps } of calls) {
    const args = { steps: steps.length };
    events.push({ ...slice(tracks.host, 'call', entry, begin, duration), args });
    let at = begin;
    for (const times of steps) {
      number++;
      events.push(...stepSlices(tracks.device, number, at, dispatches, times));
      events.push(...stepSlices(tracks.model, number, model, dispatches, predicted));
      at += sum(times);
      model += sum(predicted);
    }
  }
  const about =
    "durations of dispatches are measured, their begins are not: a call's are put one after the other; each that is predicted has its share of launching in it";
  return {
    traceEvents: events,
    displayTimeUnit: 'ns',
    otherData: { module, target, machine: machine.name, entry, about },
  };
}

/** A step, and within it its dispatches, one after the other. */
function stepSlices(
  track: number,
  number: number,
  begin: number,
  dispatches: readonly DispatchProfile[],
  times: readonly number[],
): TraceEvent[] {
  let at = begin;
  return [
    { ...slice(track, 'step', `step ${number}`, begin, sum(times)), args: { step: number } },
    ...dispatches.map(({ name, kernel, kind, flops, bytes, predicted }, k) => {
      const time = times[k] ?? 0;
      const args = { dispatch: k, kernel, kind, flops, bytes, predicted: predicted.micros };
      const event = { ...slice(track, 'dispatch', name, at, time), args };
      at += time;
      return event;
    }),
  ];
}

function slice(track: number, cat: string, name: string, ts: number, dur: number): Omit<Slice, 'args'> {
  return { ph: 'X', name, cat, pid: PROCESS, tid: track, ts, dur };
}

function trackEvents(track: number, name: string): TraceEvent[] {
  return [
    { ph: 'M', name: 'thread_name', pid: PROCESS, tid: track, args: { name } },
    { ph: 'M', name: 'thread_sort_index', pid: PROCESS, tid: track, args: { sort_index: track } },
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
