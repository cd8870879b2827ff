import { closeSync } from 'node:fs';
import { findSourceMap } from 'node:module';
import { Worker } from 'node:worker_threads';
import { userFrame } from '../graph/issues.ts';
import { exitCodes } from './usage.ts';

/**
 * Why something is not waited for any longer:
 *
 * - `runs`: it runs, without giving way; `place` is the user's line that does, `model.ts:12`
 * - `loads`: it is still being read and compiled, or something that it imports is
 * - `waits`: it waits for something
 * - `nothing`: it waits, and nothing is left that could end that
 */
export type Endless =
  | { readonly kind: 'runs'; readonly place: string }
  | { readonly kind: 'loads' | 'waits' | 'nothing' };

/** Where a main thread that gives way to nobody stands, the innermost place first: a script's address, a line and a column, from 0. */
type Frames = readonly (readonly [script: string, line: number, column: number])[];

/** What is watched. */
export interface Watched<T> {
  readonly run: () => Promise<T>;
  /** Whether it is more than read and compiled: asked once it has taken too long, and waits. */
  readonly hasBegun: () => boolean;
  /** Milliseconds that it may take. */
  readonly milliseconds: number;
  /** Says why it is not waited for, right before the process ends: perhaps in the middle of what runs. */
  readonly tell: (why: Endless) => void;
}

/** Whether the watching thread still waits, is needed no more, or has set out to stop the main one. */
const [WATCHES, OVER, STOPS] = [0, 1, 2];

/** The event of the process by which the watching thread tells where the main one stands. */
const STUCK = 'sinter:stuck';

/**
 * What something gives that comes to an end in time. Where it does not the process ends, as of wrong usage: what is at work then can
 * not be told to stop. Endless loops hold up all timers of their thread: another thread looks where they stand.
 */
export async function inTime<T>({ run, hasBegun, milliseconds, tell }: Watched<T>): Promise<T> {
  const state = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { milliseconds, state, OVER, STOPS, STUCK };
  // Without the loaders of the process, which the script does not need, a thread starts ten times as fast.
  const thread = new Worker(watcherText, { eval: true, execArgv: [], workerData });
  // Where there is no inspector, only loops that give way are found.
  thread.on('error', () => {});
  // After what listens to it: that would keep the process alive.
  thread.unref();
  const release = (): void => {
    // One that has set out to stop this thread holds its debugger: broken off, it would leave this thread stopped. It lets go by itself.
    if (Atomics.compareExchange(state, 0, WATCHES, OVER) === WATCHES) void thread.terminate();
    else Atomics.store(state, 0, OVER);
  };
  const giveUp = (why: Endless): never => {
    release();
    try {
      tell(why);
    } finally {
      // Whoever reads may be gone: the process ends all the same, and nothing of what runs has a say in that.
      process.removeAllListeners('exit');
      // Node would say there that it waits for a debugger.
      closeSync(process.stderr.fd);
      process.exit(exitCodes.usage);
    }
  };
  const stuck = (frames: Frames, isLastLook: boolean): void => {
    const why = endlessAt(frames);
    if (why.kind === 'runs' || isLastLook) giveUp(why);
  };
  const nothingLeft = (): never => giveUp({ kind: 'nothing' });
  const late = (): never => giveUp({ kind: hasBegun() ? 'waits' : 'loads' });
  process.on(STUCK, stuck);
  process.once('beforeExit', nothingLeft);
  const timer = setTimeout(late, milliseconds);
  timer.unref();
  try {
    return await run();
  } finally {
    clearTimeout(timer);
    process.off('beforeExit', nothingLeft);
    process.off(STUCK, stuck);
    release();
  }
}

/** What runs where a thread stands: lines of the user, or what loads them. */
function endlessAt(frames: Frames): Endless {
  const stack = frames.map(([script, line, column]) => {
    const entry = findSourceMap(script)?.findEntry(line, column);
    const isMapped = entry !== undefined && 'originalLine' in entry && entry.originalSource !== undefined;
    return isMapped
      ? `    at ${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
      : `    at ${script}:${line + 1}:${column + 1}`;
  });
  const frame = userFrame(stack.filter((line) => !line.includes('node_modules')).join('\n'));
  if (frame === undefined) return { kind: 'loads' };
  return { kind: 'runs', place: `${frame.path.slice(frame.path.lastIndexOf('/') + 1)}:${frame.line}` };
}

/**
 * The watching thread. After the time it stops the main one as a debugger does, and lets it go for a while, in which it may say it itself,
 * as it does where it gives way. Then it stops it again, reads its stack, and has it end the process right where it stands: what breaks
 * off a script there instead may strike within Node, which then aborts. Where no line of the user is on the stack it looks again: what
 * goes on by promises is in Node's own hands in between. One that does not even stop stands in a call of the engine or the system: the
 * process is killed.
 */
const watcherText = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const { Session } = require('node:inspector');
const { milliseconds, state, OVER, STOPS, STUCK } = workerData;
const GRACE = 250;
const BETWEEN_LOOKS = 20;
const MOST_LOOKS = 10;
const LONGEST_STOP = 5000;
const isOver = () => Atomics.load(state, 0) === OVER;
setTimeout(() => {
  if (Atomics.compareExchange(state, 0, 0, STOPS) === OVER) return;
  const session = new Session();
  const scripts = new Map();
  session.connectToMainThread();
  session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url));
  const leave = () => {
    clearInterval(watch);
    clearTimeout(end);
    session.disconnect();
  };
  const watch = setInterval(() => {
    if (isOver()) leave();
  }, BETWEEN_LOOKS);
  const end = setTimeout(() => {
    writeSync(2, 'sinter: the model never comes to an end, in a call of the engine or the system\\n');
    process.kill(process.pid, 'SIGKILL');
  }, LONGEST_STOP);
  const pause = () => {
    if (!isOver()) session.post('Debugger.pause');
  };
  const goOn = (after) => {
    end.refresh();
    session.post('Debugger.resume');
    setTimeout(pause, after);
  };
  let looks = -1;
  session.on('Debugger.paused', ({ params }) => {
    if (isOver() || ++looks === 0) return goOn(GRACE);
    const frames = params.callFrames.map(({ url, location }) => [
      scripts.get(location.scriptId) || url, location.lineNumber, location.columnNumber || 0,
    ]);
    const told = [STUCK, frames, looks === MOST_LOOKS].map((one) => JSON.stringify(one)).join(', ');
    session.post('Runtime.evaluate', { expression: 'process.emit(' + told + ')' }, () => {
      if (looks < MOST_LOOKS) goOn(BETWEEN_LOOKS);
    });
  });
  session.post('Debugger.enable', pause);
}, milliseconds + GRACE);
`;
