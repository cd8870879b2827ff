import { type Callback, callbacks } from '../train/index.ts';

/** What a progress line needs of a stream: `process.stderr` is one. */
export interface Terminal {
  readonly isTTY?: boolean;
  /** Characters of a line; 80 where it does not say. */
  readonly columns?: number;
  write(text: string): unknown;
}

/** Milliseconds from one line to the next, which nobody reads faster. */
const PAUSE = 50;

/**
 * A line on a terminal that says how far training is, written over again and again; the last of an epoch stays. Where the
 * stream is not a terminal, only these are written.
 *
 * @param stream `process.stderr` by default, so that what a program prints may be piped
 */
export function terminalProgress(stream: Terminal = process.stderr): Callback {
  let last = -Infinity;
  let isOpen = false;
  const line = callbacks.progressText((text, isLast) => {
    if (stream.isTTY !== true) {
      if (isLast) stream.write(`${text}\n`);
      return;
    }
    const now = performance.now();
    if (!isLast && now - last < PAUSE) return;
    last = now;
    const cut = isLast ? text : text.slice(0, (stream.columns ?? 80) - 1);
    stream.write(`\r${cut}\u001b[K${isLast ? '\n' : ''}`);
    isOpen = !isLast;
  });
  return {
    ...line,
    onTrainEnd: () => {
      // What is written next has a line of its own.
      if (isOpen) stream.write('\n');
      isOpen = false;
    },
  };
}
