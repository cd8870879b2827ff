import { unfit } from '../../runtime/issues.ts';
import type { Json } from '../callback.ts';
import { countIn } from './monitor.ts';

/** Where a log goes: `fileLog` of `sinter/node` is a file; a page may give an object of its own. */
export interface LogWriter<Chunk> {
  /**
   * Before the first chunk.
   *
   * @param length bytes that are to stay of what is there: 0 where training begins, and where it is resumed as many as had been
   *   written when its checkpoint was made
   */
  begin?(length: number): void | Promise<void>;
  write(chunk: Chunk): void | Promise<void>;
  /** After the last chunk. */
  end?(): void | Promise<void>;
}

/** A log that is written chunk by chunk, and knows how long it is. */
export class Log<Chunk extends string | Uint8Array> {
  readonly #writer: LogWriter<Chunk>;
  #length = 0;
  #isOpen = false;

  /** @throws InputError `type` for what is not a writer */
  constructor(writer: LogWriter<Chunk>) {
    if (typeof Object(writer).write !== 'function')
      unfit('type', 'writer', 'an object with a method write, as fileLog of sinter/node gives', writer);
    this.#writer = writer;
  }

  /** Whether nothing was written. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Begins from nothing. */
  reset(): void {
    this.#length = 0;
  }

  async begin(): Promise<void> {
    await this.#writer.begin?.(this.#length);
    this.#isOpen = true;
  }

  async write(chunk: Chunk): Promise<void> {
    await this.#writer.write(chunk);
    this.#length += typeof chunk === 'string' ? new TextEncoder().encode(chunk).length : chunk.length;
  }

  async end(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#writer.end?.();
  }

  /** What a checkpoint keeps of it. */
  state(): Json {
    return { length: this.#length };
  }

  /** Takes what `state` gave. */
  restore(state: Json): void {
    this.#length = countIn(state, 'length');
  }
}
