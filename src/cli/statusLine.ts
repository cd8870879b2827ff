import type { Output } from './run.ts';

/** Milliseconds between two writes on a terminal: eyes follow no faster. */
const TERMINAL_PERIOD = 100;
/** Milliseconds between two lines elsewhere, and before the first: a log should show life, and stay short. */
const LOG_PERIOD = 10_000;
/** Columns of a terminal that does not tell. */
const USUAL_COLUMNS = 80;

/** Says what long work is doing. */
export interface StatusLine {
  /** Is told what is being done, as often as it changes; work that does not yield may call it too. */
  show(doing: string): void;
  /** Takes the line away. */
  end(): void;
}

/**
 * On a terminal one line that is written over, with the seconds that have passed; elsewhere a line each ten seconds, so
 * that short work is quiet.
 *
 * @param now milliseconds of a clock that never goes back
 */
export function statusLine(output: Output, now: () => number = () => performance.now()): StatusLine {
  const begin = now();
  const isTerminal = output.isTTY === true;
  let next = isTerminal ? begin : begin + LOG_PERIOD;
  const text = (doing: string, time: number): string => `${doing}, ${Math.floor((time - begin) / 1000)} s`;
  return {
    show: (doing) => {
      const time = now();
      if (time < next) return;
      next = time + (isTerminal ? TERMINAL_PERIOD : LOG_PERIOD);
      const line = text(doing, time);
      // A line that wraps is not written over.
      if (isTerminal) output.write(`\r\u001b[K${line.slice(0, (output.columns ?? USUAL_COLUMNS) - 1)}`);
      else output.write(`${line}\n`);
    },
    end: () => {
      if (isTerminal) output.write('\r\u001b[K');
    },
  };
}

/** As {@link statusLine} on a terminal; elsewhere nothing at all: for work whose result is a line of its own. */
export function terminalLine(output: Output, now?: () => number): StatusLine {
  return output.isTTY === true ? statusLine(output, now) : { show: () => {}, end: () => {} };
}
