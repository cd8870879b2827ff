import type { Timings } from './profiling.ts';
import type { Entry, ProgramBase, StateSlot } from './program.ts';

/**
 * A program on a machine that can run it: the memory of its states, and the means to replay its steps. What a
 * session needs of its target is all here.
 */
export interface Engine {
  readonly program: ProgramBase;
  /**
   * Microseconds by entry: `steps` gives one column, the mean step of each chunk; `dispatches` a column for
   * each dispatch of a step, in order.
   */
  readonly timings: Timings;
  /** Why the engine has failed for good, a DeviceError, where it has. */
  readonly lost: Error | undefined;
  /**
   * Runs steps, some of them in flight at once. When it returns or throws, none is; the results of those that ran
   * have been taken, up to the first that failed.
   *
   * @throws DeviceError, and what `goesOn`, `fill` and `take` throw
   */
  play(playback: Playback): Promise<void>;
  /** Reads a state. @throws DeviceError `lost`, `memory` */
  read(state: StateSlot): Promise<Uint32Array<ArrayBuffer>>;
  /**
   * Does at once what allocates and writes, and says what became of it.
   *
   * @param what names it in errors
   * @throws DeviceError `validation`, `memory` where anything was refused; what `work` throws: a device has told by then what it
   *   refused
   */
  upload<T>(what: string, work: () => T): Promise<T>;
  /** Writes words from an element of an arena on, before the steps that are played later; part of an `upload`. */
  write(place: Address, words: ArrayBufferView<ArrayBuffer>): void;
  /** Memory for inputs, all zeros; part of an `upload`. @throws DeviceError `limit`, `memory` */
  allocate(words: number): Block;
  /** Frees everything; steps in flight fail. */
  dispose(): void;
}

/** Memory that holds inputs. */
export interface Block {
  /** The word where it starts, as steps count words. */
  readonly start: number;
  /** Writes from a word of the block on; part of an `upload`. */
  write(word: number, values: ArrayBufferView<ArrayBuffer>): void;
  /** Frees it, once or many times; steps in flight may still read it. */
  dispose(): void;
}

/** An entry, and how the program calls it. */
export interface NamedEntry extends Entry {
  readonly name: string;
}

/** One run of many steps of an entry. */
export interface Playback {
  readonly entry: NamedEntry;
  readonly data: Block;
  readonly steps: number;
  /** Steps of a chunk; by default as many as take some time. */
  readonly stepsPerSubmit: number | undefined;
  /**
   * Uploads what the steps read and is not there yet, right before the first, when the fields of its chunk are set;
   * where it is refused, so are they.
   */
  readonly upload: () => void;
  /** Sets the fields of step i (from 0) that are not the same as those of the step before. */
  readonly fill: (i: number, set: (field: string, value: number) => void) => void;
  /** Asked before each chunk: false, or what it throws, starts no more; those that were started still end. */
  readonly goesOn: () => boolean;
  /**
   * Is given the results of `count` steps from `first`, in order, of `entry.resultWords` words each; they are
   * valid during the call.
   */
  readonly take: (results: Uint32Array, first: number, count: number) => void;
}

/** An element of an arena. */
export interface Address {
  readonly arena: 'state' | 'words';
  readonly offset: number;
}
