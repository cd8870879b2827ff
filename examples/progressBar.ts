/** A line that is written over again and again on a terminal; elsewhere whole lines, now and then. */
export interface ProgressBar {
  /** Shows how far the work is, 0 to 1. */
  update(done: number, text: string): void;
  /** Ends the line with a last text. */
  finish(text: string): void;
}

const WIDTH = 30;

/** Milliseconds from line to line where the stream is no terminal. */
const PAUSE = 10_000;

/** A bar on a stream; where the stream is no terminal, the last text and those of long work are written. */
export function progressBar(stream: NodeJS.WriteStream): ProgressBar {
  let last = performance.now();
  const write = (text: string): void => {
    stream.write(`\r${text}\u001b[K`);
  };
  return {
    update: (done, text) => {
      if (!stream.isTTY) {
        if (performance.now() - last < PAUSE) return;
        last = performance.now();
        stream.write(`${(100 * done).toFixed(0).padStart(3)} %  ${text}\n`);
        return;
      }
      const filled = Math.round(done * WIDTH);
      write(`${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${text}`);
    },
    finish: (text) => {
      if (stream.isTTY) write(text);
      else stream.write(text);
      stream.write('\n');
      last = performance.now();
    },
  };
}
