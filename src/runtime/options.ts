import type { Data, Dataset } from './dataset.ts';
import type { Profiling } from './engine.ts';
import { InputError, unknown } from './issues.ts';

/** How a session starts, on every target. */
export interface SessionOptions {
  /** Of first values and shuffles, an unsigned 32-bit integer; 0 by default. */
  readonly seed?: number;
  /** Values of states by name, in place of their declared first ones. */
  readonly initial?: Data;
  /** What is timed, where it can be: see `timings`. Timed dispatches run one by one. */
  readonly profile?: Profiling;
}

/** A run-time scalar: a value, or one for each step of the entry (counted from 1). */
export type Scalar = number | ((step: number) => number);

/** What every way of running an entry takes. */
export interface RunOptions {
  /** Run-time scalars by name; those that are not given have their declared value. */
  readonly params?: Readonly<Record<string, Scalar>>;
  /** Live extents of bounded sizes, where arrays do not tell; for rows of a dataset the size of a batch. */
  readonly sizes?: Readonly<Record<string, number>>;
}

export interface EvaluateOptions extends RunOptions {
  /** Arrays, or a dataset of this session. */
  readonly data: Data | Dataset;
  /** By default as many as take some time, 256 at most. */
  readonly stepsPerSubmit?: number;
}

export interface TrainOptions extends EvaluateOptions {
  /** `train` by default. */
  readonly entry?: string;
  /** 1 by default. */
  readonly epochs?: number;
  /** Whether each epoch reads the rows in an order of its own, drawn from the seed. */
  readonly shuffle?: boolean;
  /**
   * What to do when a scalar output is NaN; `stop` by default. The steps of the submit have been taken then:
   * the states may be NaN too, so `save` before what may fail.
   */
  readonly onNaN?: 'stop' | 'continue';
  /** Called when the results of a submit are there. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops before the next submit; `train` then throws its reason. Steps that were submitted count. */
  readonly signal?: AbortSignal;
}

/** Where training is: `step` of `steps` of an epoch are done. */
export interface Progress {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the epoch so far, as in Epoch. */
  readonly loss: number;
}

/** What an epoch came to. */
export interface Epoch {
  /** Counts from 1. */
  readonly epoch: number;
  readonly steps: number;
  readonly samples: number;
  /** Scalar outputs: f32 as the mean over samples, integers as their sum. */
  readonly scalars: Readonly<Record<string, number>>;
  /** The scalar output `loss`, or the first one; NaN where there is none. */
  readonly loss: number;
  readonly seconds: number;
}

/** The largest whole number that an option may be. */
const MOST = 4294967295;

// Each way of running an entry takes the options of the one before, and more.
const known = 'params sizes data stepsPerSubmit entry epochs shuffle onNaN onProgress signal'.split(' ');
const counts = { run: 2, evaluate: 4, train: known.length };

/** The least whole number that an option may be, or the words. */
const allowed: Readonly<Record<string, number | readonly unknown[]>> = {
  epochs: 0,
  stepsPerSubmit: 1,
  seed: 0,
  onNaN: ['stop', 'continue'],
  profile: ['none', 'steps', 'dispatches'],
};

/** A copy of what was given by name: getters are read once. @throws InputError `type` for what is no object */
export function named<T extends object>(what: string, given: T): T {
  if (Object(given) !== given) throw new InputError('type', what, `expected an object, found ${given}`);
  return { ...given };
}

/**
 * A copy of options, so that what is changed later does not count. Refuses options that there are not, and numbers and
 * words that they cannot be.
 *
 * @param call whose options: a call of a session, or the names of those that there are
 * @throws InputError
 */
export function takeOptions<Options extends Partial<TrainOptions> & SessionOptions>(
  call: keyof typeof counts | readonly string[],
  given: Options,
): Options {
  const options = named('options', given);
  const names = typeof call === 'string' ? known.slice(0, counts[call]) : call;
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) throw new InputError('unknown', name, unknown('option', names));
    const rule = allowed[name];
    if (value === undefined || rule === undefined) continue;
    const isLeast = typeof rule === 'number';
    const fits = isLeast ? Number.isInteger(value) && value >= rule && value <= MOST : rule.includes(value);
    if (!fits) {
      const expected = isLeast ? `${rule} to ${MOST}` : rule.join(' or ');
      throw new InputError('range', name, `expected ${expected}, found ${value}`);
    }
  }
  if (names.includes('data') && !options.data)
    throw new InputError('missing', 'data', 'expected arrays or a dataset');
  const { params = {}, sizes = {} } = options;
  return { ...options, params: named('params', params), sizes: named('sizes', sizes) };
}
