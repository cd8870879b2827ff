import { DeviceError } from '../issues.ts';
import type { Call, Crew, Modules } from './crew.ts';
import type { Host, Thread } from './host.ts';

/** Where threads find what they share, and what is their own. */
export interface Shared extends Modules {
  readonly memory: WebAssembly.Memory;
  /** The byte where the scratch of thread 0 starts; those of the others follow, `threadBytes` each. */
  readonly scratch: number;
  readonly threadBytes: number;
}

/** Steps on threads of their own, which run each call together. Idle, they do not keep the process alive. */
export class Workers implements Crew {
  lost: DeviceError | undefined;
  readonly #threads: Thread[] = [];
  /** Calls that not all threads have answered, by number. */
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #ended: DeviceError | undefined;

  /** Starts `count` threads, which come to life by themselves: {@link begin} gives them what they work on. */
  constructor(host: Host, count: number) {
    try {
      for (let k = 0; k < count; k++) {
        const hear = (message: unknown): void => this.#hear(k, message);
        this.#threads.push(host.spawn(hear, (reason) => this.#fail(k, reason)));
      }
    } catch (cause) {
      this.#fail(this.#threads.length, String(cause));
    }
  }

  /** Gives the threads what they share; kept when all are ready. @throws DeviceError `lost` */
  begin({ memory, tiles, main, scratch, threadBytes }: Shared): Promise<void> {
    const count = this.#threads.length;
    return this.#post((k) => ({ memory, tiles, main, args: [k, count, scratch + k * threadBytes] }));
  }

  run(call: Call): Promise<void> {
    return this.#post(() => ({ args: call }));
  }

  end(reason: DeviceError): void {
    if (this.#ended) return;
    this.#ended = reason;
    for (const thread of this.#threads) thread.end();
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  async #post(message: (thread: number) => object): Promise<void> {
    if (this.#ended) throw this.#ended;
    const call = this.#calls++;
    if (this.#waiting.size === 0) this.#hold(true);
    const answered = new Promise<void>((resolve, reject) => {
      this.#waiting.set(call, { left: this.#threads.length, resolve, reject });
    });
    for (const [k, thread] of this.#threads.entries()) {
      try {
        thread.post({ call, ...message(k) });
      } catch (cause) {
        this.#fail(k, String(cause));
      }
    }
    await answered;
  }

  #hear(thread: number, answer: unknown): void {
    const waiting = typeof answer === 'number' ? this.#waiting.get(answer) : undefined;
    if (typeof answer !== 'number' || !waiting) {
      this.#fail(thread, String(answer));
      return;
    }
    if (--waiting.left > 0) return;
    this.#waiting.delete(answer);
    if (this.#waiting.size === 0) this.#hold(false);
    waiting.resolve();
  }

  /** The others may wait for it for ever: they end too. */
  #fail(thread: number, reason: string): void {
    if (this.#ended) return;
    this.lost = new DeviceError('lost', `thread ${thread} of the program failed: ${reason}`);
    this.end(this.lost);
  }

  #hold(alive: boolean): void {
    for (const thread of this.#threads) thread.hold(alive);
  }
}

interface Waiting {
  left: number;
  readonly resolve: () => void;
  readonly reject: (reason: DeviceError) => void;
}
