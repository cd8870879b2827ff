import type { Dataset } from './dataset.ts';
import { isWhole, slotOf, unfit } from './issues.ts';
import type {
  AnySignature,
  ByName,
  EntryName,
  Inputs,
  KnownName,
  ScalarTotals,
  Signature,
} from './signature.ts';
import type { Values } from './values.ts';

/** How a session starts, on every target. */
export interface SessionOptions<S extends Signature = AnySignature> {
  /** Of first values and shuffles, an unsigned 32-bit integer; 0 by default. */
  readonly seed?: number;
  /** Values of states by name, in place of their declared first ones. */
  readonly initial?: ByName<S['states'], Values>;
}

/** A run-time scalar: a value, or one for each step of the entry (counted from 1). */
export type Scalar = number | ((step: number) => number);

/** What every way of running an entry takes. */
export interface RunOptions<S extends Signature = AnySignature> {
  /** Run-time scalars by name; those that are not given have their declared value. */
  readonly params?: ByName<S['params'], Scalar> & { readonly [Name in KnownName<S['params']>]?: Scalar };
  /** Live extents of bounded sizes, where arrays do not tell; for rows of a dataset the size of a batch. */
  readonly sizes?: ByName<Record<S['sizes'], number>, number>;
}

export interface EvaluateOptions<S extends Signature = AnySignature, E extends EntryName<S> = EntryName<S>>
  extends RunOptions<S> {
  /** Arrays, or a dataset of this session. */
  readonly data: Inputs<S, E> | Dataset;
  /** By default as many as take some time, 256 at most. */
  readonly stepsPerSubmit?: number;
}

export interface TrainOptions<S extends Signature = AnySignature, E extends EntryName<S> = EntryName<S>>
  extends EvaluateOptions<S, NoInfer<E>> {
  /** `train` by default. */
  readonly entry?: E;
  /** 1 by default. */
  readonly epochs?: number;
  /**
   * Whether to go on where the training of this entry stopped, in this session or in the one that was saved: `epochs`
   * counts from the start of that training. In the middle of an epoch number of rows, batches and `shuffle` have to be
   * the same (`other-training`); the rows themselves are not compared. False, the default, begins a training.
   */
  readonly resume?: boolean;
  /** Whether each epoch reads the rows in an order of its own, drawn from the seed. */
  readonly shuffle?: boolean;
  /**
   * What to do when a scalar output is NaN; `stop` by default. The steps of the submit have been taken then:
   * the states may be NaN too, so `save` before what may fail.
   */
  readonly onNaN?: 'stop' | 'continue';
  /** Called when the results of a submit are there. */
  readonly onProgress?: (progress: Progress<ScalarTotals<S, NoInfer<E>>>) => unknown;
  /**
   * Stops before the next submit; `train` then throws its reason. Steps that were submitted before end, and count: the
   * last call of `onProgress` tells of them.
   */
  readonly signal?: AbortSignal;
}

/**
 * A training that runs when it is asked to, once. Iterated (`for await`), it gives each epoch as it ends; awaited, it
 * runs all that are left, and gives a list of all epochs. Neither iterated nor awaited, it does nothing.
 */
export interface Training<Scalars = Readonly<Record<string, number>>>
  extends AsyncGenerator<Epoch<Scalars>, void, undefined>,
    Pick<Promise<readonly Epoch<Scalars>[]>, 'then' | 'catch' | 'finally'> {}

/** Where training is: `step` of `steps` of an epoch are done. */
export interface Progress<out Scalars = Readonly<Record<string, number>>> {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  /** Of the epoch so far, as in Epoch, steps that ran before it was resumed included. */
  readonly scalars: Scalars;
  readonly loss: number;
}

/** What an epoch came to. */
export interface Epoch<out Scalars = Readonly<Record<string, number>>> {
  /** Counts from 1. */
  readonly epoch: number;
  readonly steps: number;
  readonly samples: number;
  /** Scalar outputs: f32 as the mean over samples, integers as their sum. */
  readonly scalars: Scalars;
  /** The scalar output `loss`, or the first one; NaN where there is none. */
  readonly loss: number;
  /** How long it took, without what ran before it was resumed. */
  readonly seconds: number;
}

/** The largest whole number that an option may be. */
const MOST = 2 ** 32 - 1;

/**
 * What each option has to be: a whole number from this one on, one of some words, or of a type. Each way of running an
 * entry takes the options of the one before, and more.
 */
const rules: Readonly<Record<string, Rule>> = {
  params: 'object',
  sizes: 'object',
  data: 'object',
  stepsPerSubmit: 1,
  entry: 'string',
  epochs: 1,
  shuffle: [true, false],
  resume: [true, false],
  onNaN: ['stop', 'continue'],
  onProgress: 'function',
  signal: 'AbortSignal',
  seed: 0,
  initial: 'object',
  profiler: 'function',
};
const counts = { run: 2, evaluate: 4, train: 11 };

/** A copy of what was given by name: getters are read once. @throws InputError `type` for what is no object */
export function named<T extends object>(what: string, given: T): T {
  if (Object(given) !== given) unfit('type', what, 'an object', given);
  return { ...given };
}

/**
 * A copy of options, so that what is changed later does not count. Refuses options that there are not, and values that
 * they cannot have.
 *
 * @param call whose options: a call of a session, or the names of those that there are
 * @throws InputError
 */
export function takeOptions<Options extends Partial<TrainOptions> & SessionOptions>(
  call: keyof typeof counts | readonly string[],
  given: Options,
): Options {
  const options = named('options', given);
  const names = typeof call === 'string' ? Object.keys(rules).slice(0, counts[call]) : call;
  const known = names.map((name) => ({ name }));
  for (const [name, value] of Object.entries(options)) {
    slotOf('option', known, name);
    const rule = rules[name];
    if (value !== undefined && rule !== undefined) checkOption(name, value, rule);
  }
  return { ...options, params: { ...options.params }, sizes: { ...options.sizes } };
}

/** @throws InputError `type`, `range` for a value that an option cannot have */
export function checkOption(name: string, value: unknown, rule: Rule): void {
  if (typeof rule === 'number') {
    if (!isWhole(value, rule, MOST)) unfit('range', name, `${rule} to ${MOST}`, value);
  } else if (typeof rule === 'string') {
    // What names its own kind, as signals do, may be of another realm: no class is theirs and ours.
    if (typeof (value ?? 0) !== rule && Object(value)[Symbol.toStringTag] !== rule)
      unfit('type', name, rule, value);
  } else if (!rule.includes(value)) unfit('range', name, rule.join(' or '), value);
}

/** What an option has to be, as in `rules`. */
type Rule = number | string | readonly unknown[];
