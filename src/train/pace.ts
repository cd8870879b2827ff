import type { Waiting } from './feed.ts';
import { untilAborted } from './waiting.ts';

/** Ends a search, and says why. */
export class SearchEnded extends Error {
  override readonly name = 'SearchEnded';
}

/** Seconds that a search may take at least, and at most as a share of the time before it (assumed). */
const LEAST_SECONDS = 1;
const MOST_SHARE = 0.1;

/** Milliseconds after which others have their turn: signals, timers, what a page draws (assumed). */
const SLICE = 20;

/** How long a search goes on: until its time is over, or a signal aborts. */
export class Pace {
  readonly #signal: AbortSignal;
  readonly #end: number;
  readonly #ending = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #onAbort: () => void;
  #turned = Number.NEGATIVE_INFINITY;

  /** @param before milliseconds that ran before it */
  constructor(signal: AbortSignal, before: number) {
    const seconds = Math.max(LEAST_SECONDS, (MOST_SHARE * before) / 1000);
    this.#signal = signal;
    this.#end = performance.now() + 1000 * seconds;
    this.#onAbort = () => this.#ending.abort(ended(signal));
    this.#timer = setTimeout(() => this.#ending.abort(tooLong()), 1000 * seconds);
    signal.addEventListener('abort', this.#onAbort);
    if (signal.aborted) this.#onAbort();
  }

  /** Between steps, and between nodes. @throws SearchEnded */
  turn(): void | Promise<void> {
    this.#check();
    if (performance.now() - this.#turned < SLICE) return;
    return this.#rest();
  }

  /** Waits for data, which may never come. @throws SearchEnded; what `wait` throws */
  readonly wait: Waiting = (wait) => untilAborted(wait, this.#ending.signal);

  dispose(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  async #rest(): Promise<void> {
    await new Promise<void>((resolve) => {
      setTimeout(resolve);
    });
    this.#turned = performance.now();
    this.#check();
  }

  #check(): void {
    this.#ending.signal.throwIfAborted();
    if (performance.now() > this.#end) throw tooLong();
  }
}

function tooLong(): SearchEnded {
  return new SearchEnded(
    `the search for where it began had a tenth of the training's time, or ${LEAST_SECONDS} s, which was not enough`,
  );
}

function ended({ reason }: AbortSignal): SearchEnded {
  return new SearchEnded(`the search for where it began was ended: ${messageOf(reason)}`, { cause: reason });
}

/** What somebody threw, for people. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
