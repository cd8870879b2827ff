import { findSourceMap } from 'node:module';
import { Worker } from 'node:worker_threads';
import { userFrame } from '../graph/issues.ts';

/** Why something was not waited for any longer. */
export class NeverEnds extends Error {
  override readonly name = 'NeverEnds';
  /**
   * - `runs`: it ran for as long as it may, without giving way
   * - `waits`: it waited for as long as it may
   * - `nothing`: it waits, and nothing is left that could end that
   */
  readonly kind: 'runs' | 'waits' | 'nothing';
  /** The user's line that ran, `model.ts:12`, where it is known. */
  readonly place: string | undefined;

  constructor(kind: NeverEnds['kind'], place?: string) {
    super(`it never ends: ${kind}`);
    this.kind = kind;
    this.place = place;
  }
}

/** What a thread of its own tells of a main thread that gives way to nobody: where it stands, the innermost place first. */
interface Stuck {
  /** The address of the script, a line and a column, from 0. */
  readonly frames: readonly (readonly [string, number, number])[];
}

/**
 * What `run` gives, where that comes to an end in time. Endless loops hold up all timers of their thread: another thread looks
 * where they stand, and breaks them off.
 *
 * @param seconds it may take
 * @throws NeverEnds where it takes longer, or waits for what cannot come
 */
export async function inTime<T>(run: () => Promise<T>, seconds: number): Promise<T> {
  // 1: it has ended. What runs then is not to be broken off.
  const ended = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { milliseconds: 1000 * seconds, ended };
  // Without the loaders of the process, which the script does not need, a thread starts ten times as fast.
  const thread = new Worker(watcherText, { eval: true, execArgv: [], workerData });
  // Where there is no inspector, only loops that give way are found.
  thread.on('error', () => {});
  let giveUp: (error: NeverEnds) => void = () => {};
  const never = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  thread.on('message', ({ frames }: Stuck) => giveUp(new NeverEnds('runs', placeOf(frames))));
  const nothingLeft = (): void => giveUp(new NeverEnds('nothing'));
  // After what listens to it: that would keep the process alive.
  thread.unref();
  process.once('beforeExit', nothingLeft);
  const timer = setTimeout(() => giveUp(new NeverEnds('waits')), 1000 * seconds);
  timer.unref();
  try {
    return await Promise.race([run(), never]);
  } finally {
    Atomics.store(ended, 0, 1);
    clearTimeout(timer);
    process.off('beforeExit', nothingLeft);
    void thread.terminate();
  }
}

/** The user's line, by the source map of its script where it has one. */
function placeOf(frames: Stuck['frames']): string | undefined {
  const stack = frames.map(([script, line, column]) => {
    const entry = findSourceMap(script)?.findEntry(line, column);
    const isMapped = entry !== undefined && 'originalLine' in entry && entry.originalSource !== undefined;
    return isMapped
      ? `    at ${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
      : `    at ${script}:${line + 1}:${column + 1}`;
  });
  const frame = userFrame(stack.filter((line) => !line.includes('node_modules')).join('\n'));
  return frame === undefined
    ? undefined
    : `${frame.path.slice(frame.path.lastIndexOf('/') + 1)}:${frame.line}`;
}

/**
 * The watching thread. After the time, and a while in which the main thread may say it itself, it stops that one as a debugger
 * does, reads its stack, tells it, and breaks off what runs there: the main thread goes on with its next event. One that does not
 * even stop stands in a call of the system: the process is ended.
 */
const watcherText = `
const { parentPort, workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const { Session } = require('node:inspector');
const GRACE = 250;
const LONGEST_STOP = 5000;
setTimeout(() => {
  const session = new Session();
  const scripts = new Map();
  session.connectToMainThread();
  session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url));
  session.on('Debugger.paused', ({ params }) => {
    clearTimeout(end);
    if (Atomics.load(workerData.ended, 0) === 0) {
      const frames = params.callFrames.map(({ url, location }) => [
        scripts.get(location.scriptId) || url, location.lineNumber, location.columnNumber || 0,
      ]);
      parentPort.postMessage({ frames });
      session.post('Runtime.terminateExecution');
    }
    session.post('Debugger.resume');
    session.post('Debugger.disable');
  });
  const end = setTimeout(() => {
    if (Atomics.load(workerData.ended, 0) !== 0) return;
    writeSync(2, 'sinter: the model never comes to an end, in a call of the system\\n');
    process.kill(process.pid, 'SIGKILL');
  }, LONGEST_STOP);
  session.post('Debugger.enable', () => session.post('Debugger.pause'));
}, workerData.milliseconds + GRACE);
`;
