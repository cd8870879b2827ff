import { DeviceError } from '../issues.ts';
import type { Call, Crew } from './crew.ts';
import type { Play } from './modules.ts';

/** Steps on the thread that calls, which has a turn of its event loop before each call. */
export class CallingThread implements Crew {
  lost: DeviceError | undefined;
  readonly #play: Play;
  readonly #scratch: number;
  #before: Promise<unknown> = Promise.resolve();
  #ended: DeviceError | undefined;

  /** @param scratch the byte where the thread's scratch starts */
  constructor(play: Play, scratch: number) {
    this.#play = play;
    this.#scratch = scratch;
  }

  run(call: Call): Promise<void> {
    const done = this.#before.then(async () => {
      await turnOfTheEventLoop();
      this.#playNow(call);
    });
    this.#before = done.catch(() => {});
    return done;
  }

  end(reason: DeviceError): void {
    this.#ended ??= reason;
  }

  #playNow([entry, record, stride, count, times]: Call): void {
    if (this.#ended) throw this.#ended;
    try {
      this.#play(entry, record, stride, count, 0, 1, this.#scratch, times);
    } catch (cause) {
      this.#ended = this.lost = new DeviceError('lost', `the program failed: ${cause}`, { cause });
      throw this.#ended;
    }
  }
}

/**
 * Waits until other tasks have had their turn. A channel of its own each time: Node empties one channel, however
 * often it is filled again, before it turns to anything else.
 */
function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
