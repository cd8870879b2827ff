/** A line that is written over again and again on a terminal; elsewhere nothing but whole lines. */
export interface ProgressBar {
  /** Shows how far the work is, 0 to 1. */
  update(done: number, text: string): void;
  /** Ends the line with a last text. */
  finish(text: string): void;
}

const WIDTH = 30;

/** A bar on a stream; where the stream is no terminal, only the last text of each line is written. */
export function progressBar(stream: NodeJS.WriteStream): ProgressBar {
  const write = (text: string): void => {
    stream.write(`\r${text}\u001b[K`);
  };
  return {
    update: (done, text) => {
      if (!stream.isTTY) return;
      const filled = Math.round(done * WIDTH);
      write(`${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${text}`);
    },
    finish: (text) => {
      if (stream.isTTY) write(text);
      else stream.write(text);
      stream.write('\n');
    },
  };
}
