import type { Session } from '../runtime/index.ts';
import { InputError, SessionError } from '../runtime/issues.ts';
import type { Host, ProcessSignals } from './host.ts';
import type { TakenOptions } from './options.ts';
import { untilAborted } from './waiting.ts';

/** What ends a fit from outside: the user's signal, those of the process where they are asked for, and the end of its session. */
export class Ending {
  readonly #controller = new AbortController();
  readonly #onEnd: () => void;
  /** What is undone at the end of the fit. */
  readonly #undo: (() => void)[] = [];
  #asked: ProcessSignals | undefined;

  /** @param onEnd is called when a signal aborts */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Follows the signals of a fit. @throws InputError `unknown` where there are none of a process; a signal's reason */
  async follow({ signal, signals }: TakenOptions, host: Host): Promise<void> {
    if (signal !== undefined) this.#follow(signal);
    if (signals === true) {
      const asked = await host.signals?.();
      if (asked === undefined) {
        const text =
          'only sessions of sinter hear them, in Node: give signal, as stopOnSignals of sinter/node makes';
        throw new InputError('unknown', 'signals', text);
      }
      this.#asked = asked;
      this.#undo.push(() => asked.dispose());
      this.#follow(asked.signal);
    }
    this.throwIfEnded();
  }

  /** Aborts when one of them does, with its reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** @throws the reason of the signal that aborted */
  throwIfEnded(): void {
    this.#controller.signal.throwIfAborted();
  }

  /** Whether an error is the reason of the signal that aborted. */
  isReason(error: unknown): boolean {
    const { signal } = this.#controller;
    return signal.aborted && error === signal.reason;
  }

  /** Where a signal of the process ended it, has its reason say where that was. */
  tellPlace(place: () => string): void {
    if (this.#asked !== undefined && this.isReason(this.#asked.signal.reason)) this.#asked.stoppedAt(place());
  }

  /** Waits, but no longer than until a signal aborts. @throws its reason */
  wait<T>(wait: Promise<T>): Promise<T> {
    return untilAborted(wait, this.signal);
  }

  /** Hears of no signal any more. */
  dispose(): void {
    for (const undo of this.#undo) undo();
  }

  /** Ends with the session, which nothing else would say to a fit that waits for its data. */
  followSession(session: Session): void {
    const own = Object.getOwnPropertyDescriptor(session, 'dispose');
    const dispose = session.dispose.bind(session);
    const value = (): void => {
      dispose();
      this.#end(new SessionError('disposed', 'the session is disposed'));
    };
    Object.defineProperty(session, 'dispose', { value, configurable: true, writable: true });
    this.#undo.push(() => {
      if (own === undefined) Reflect.deleteProperty(session, 'dispose');
      else Object.defineProperty(session, 'dispose', own);
    });
  }

  #end(reason: unknown): void {
    this.#controller.abort(reason);
    this.#onEnd();
  }

  #follow(signal: AbortSignal): void {
    const end = (): void => this.#end(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
    this.#undo.push(() => signal.removeEventListener('abort', end));
  }
}
