import type { Dataset } from './dataset.ts';
import type { EvaluateOptions, RunOptions, Training, TrainOptions } from './options.ts';
import type { Totals } from './outputs.ts';
import type { Session as Player } from './session.ts';
import type {
  AnySignature,
  Arguments,
  ArrayTotals,
  DataOf,
  DefaultEntry,
  EntryName,
  Inputs,
  NameOf,
  Outputs,
  ScalarTotals,
  Signature,
  StateOutput,
  Typed,
} from './signature.ts';
import type { WebGpuSession as WebGpuPlayer } from './start.ts';
import type { Values } from './values.ts';

/** The calls whose names are held to a signature. */
type Named = 'dataset' | 'train' | 'evaluate' | 'run' | 'read' | 'write';

/**
 * A program at work: its state where it runs, and the calls that run its entries. Calls wait for one another, in order;
 * `train` takes a turn for each epoch, so that others may run between epochs.
 *
 * What types know of the program is `S`: names of entries, inputs, outputs and states are held to it. The class behind it knows
 * no such thing: at run time a session looks at what it is given.
 */
export interface Session<S extends Signature = AnySignature> extends Omit<Player, Named>, Typed<S> {
  /**
   * Uploads arrays to stay: for `train` and `evaluate`, as often as wanted. They are read before it returns, as is
   * everything that any call is given: what is changed later does not count.
   *
   * @throws InputError `unknown`, `type`, `length`, `range`; DeviceError `limit`, `memory`, `validation`
   */
  dataset(data: DataOf<S>): Promise<Dataset>;

  /**
   * Trains: runs an entry over all rows of a dataset, epoch by epoch, a batch a step. The last batch of an
   * epoch may have fewer rows; every sample counts once.
   *
   * The session remembers, and saves, where each entry's training stands: how many epochs and steps are done, in which
   * order, and the sums of its outputs. With `resume: true` it goes on there, and ends with the same bits and the same
   * losses as if it had never stopped, whatever stopped it: a signal, an error, leaving the loop, another process.
   *
   * Await it, or iterate it for each epoch as it ends: `for await (const { loss } of session.train({ data }))`. Until
   * then nothing runs, and nothing of what it is given is read.
   *
   * @returns epochs, in order
   * @throws InputError; TrainingError `nan`; DeviceError; SessionError `disposed`, `unknown-entry`, `other-training`;
   *   what `onProgress` throws, and the signal's reason
   */
  train<E extends EntryName<S> = DefaultEntry<S>>(
    options: TrainOptions<S, E> & ('train' extends EntryName<S> ? unknown : { readonly entry: E }),
  ): Training<ScalarTotals<S, E>>;

  /**
   * Runs an entry over all rows of a dataset, in order, every sample once. Updates of states that the entry has are made.
   *
   * @returns means and sums of its outputs, and those with rows one after the other
   * @throws InputError; DeviceError; SessionError `disposed`, `unknown-entry`
   */
  evaluate<E extends EntryName<S>>(
    name: E,
    options: EvaluateOptions<S, NoInfer<E>>,
  ): Promise<Totals<ScalarTotals<S, E>, ArrayTotals<S, E>> & { readonly samples: number }>;

  /**
   * Runs an entry once over given arrays, of as many rows as the program declares or fewer.
   *
   * @returns its outputs, cut to the rows that were given
   * @throws InputError; DeviceError; SessionError `disposed`, `unknown-entry`
   */
  run<E extends EntryName<S>>(
    name: E,
    ...given: Arguments<Inputs<S, NoInfer<E>>, RunOptions<S>>
  ): Promise<Outputs<S, E>>;

  /** A state's values. @throws SessionError `unknown-state`, `disposed`; DeviceError */
  read<Name extends NameOf<S['states']>>(name: Name): Promise<StateOutput<S, Name>>;

  /**
   * Gives a state new values: all, or with `from` as many as there are, from that element on.
   *
   * @throws InputError `length`, `type`, `range`; SessionError; nothing is written then
   */
  write(name: NameOf<S['states']>, values: Values, from?: number): Promise<void>;
}

/** A session on a device. */
export interface WebGpuSession<S extends Signature = AnySignature>
  extends Session<S>,
    Pick<WebGpuPlayer, 'device' | 'arenas'> {}
