import { listed } from '../runtime/clipped.ts';
import type {
  AnySignature,
  ArrayTotals,
  EntryName,
  EvaluateOptions,
  Inputs,
  ProgramBase,
  ScalarTotals,
  Session,
  Signature,
  Totals,
  TrainOptions,
} from '../runtime/index.ts';
import { InputError, shown, slotOf, unfit } from '../runtime/issues.ts';
import { checkOption, named } from '../runtime/options.ts';
import type { Batches } from './batches.ts';
import { isResident } from './batches.ts';
import type { Callback } from './callback.ts';
import { type CheckpointOptions, requireResumable } from './checkpoints.ts';
import { didYouMeanIn } from './names.ts';

/** What `evaluate` gives: means and sums of an entry's outputs, and those with rows one after the other. */
export type Evaluated<S extends Signature = AnySignature, V extends EntryName<S> = EntryName<S>> = Totals<
  ScalarTotals<S, V>,
  ArrayTotals<S, V>
> & { readonly samples: number };

/** A number out of what the validation entry gives over all validation data. */
export type Metric<S extends Signature = AnySignature, V extends EntryName<S> = EntryName<S>> = (
  evaluated: Evaluated<S, V>,
) => number;

/**
 * How a model is fitted: a session of signature `S`, by its entry `E`, validated by its entry `V`. `N` are the names of scalar
 * outputs that are kept, `F` those of functions of the validation, `Started` is the session that callbacks see.
 */
export interface FitOptions<
  S extends Signature = AnySignature,
  E extends EntryName<S> = EntryName<S>,
  V extends EntryName<S> = EntryName<S>,
  N extends string = string,
  F extends string = string,
  Started extends Session = Session,
> extends Pick<EvaluateOptions<S, E>, 'params' | 'sizes' | 'stepsPerSubmit'>,
    Pick<TrainOptions<S, E>, 'epochs' | 'entry' | 'onNaN' | 'signal'> {
  /** What is trained on: arrays, a dataset of the session, or a stream of batches. */
  readonly data: Batches<Inputs<S, NoInfer<E>>>;
  /**
   * What is evaluated after each epoch: arrays, a dataset, a stream; or a share of the arrays of `data`, 0 to 1: their last
   * rows, which are not trained on then, whatever `shuffle` is. Of a stream it is the first epoch, each time.
   */
  readonly validation?: Batches<Inputs<S, NoInfer<V>>> | number;
  /**
   * The entry that is evaluated: by default `evaluate`, else the only other entry with a scalar output `loss` (and, where the
   * module is at hand, no updates).
   */
  readonly validationEntry?: V;
  /** Whether each epoch reads the rows of arrays in an order of its own, drawn from the seed; true by default. A stream has its own order. */
  readonly shuffle?: boolean;
  /**
   * Which values are kept: names of scalar outputs, of both entries, besides the losses; all by default. Or functions of
   * what the validation gives, by the names of what they compute, beside all scalar outputs.
   */
  readonly metrics?: readonly N[] | Readonly<Record<F, Metric<S, NoInfer<V>>>>;
  /** What is told how it goes, in this order. */
  readonly callbacks?: readonly Callback<Started>[];
  /** Where and when it is kept, so that it can be gone on with; not at all by default. */
  readonly checkpoint?: CheckpointOptions;
  /**
   * Whether to go on from the last checkpoint, or to begin where there is none; or the bytes of a checkpoint, to go on from it.
   * It ends with the same bits, and the same history except for seconds, as if it had never stopped, where data, options and
   * callbacks are the same; `epochs` counts from the start. False, the default, begins.
   */
  readonly resume?: boolean | Uint8Array;
  /** Whether a line shows how far it is, in Node: by default where there is a terminal; without one, true writes a line an epoch. */
  readonly progress?: boolean;
  /**
   * Whether Ctrl-C and `SIGTERM` end the training after the steps that run, in Node; it then throws a `StoppedError`, which
   * says where it stood, and the process exits with 130 or 143; where nothing catches the error, after one line. A second one ends the process at once.
   */
  readonly signals?: boolean;
}

/** Options of a fit: the entry has to be said where none is called `train`. */
export type OptionsOf<
  S extends Signature,
  E extends EntryName<S>,
  V extends EntryName<S>,
  N extends string,
  F extends string,
  Started extends Session = Session,
> = FitOptions<S, E, V, N, F, Started> & ('train' extends EntryName<S> ? unknown : { readonly entry: E });

/** Options as they were given, checked, with those that have a default. */
export interface TakenOptions extends FitOptions {
  readonly entry: string;
  readonly epochs: number;
  readonly shuffle: boolean;
  readonly callbacks: readonly Callback[];
}

/** What each option has to be; undefined where that is looked at apart. */
const rules: Readonly<Record<keyof FitOptions, Parameters<typeof checkOption>[2] | undefined>> = {
  data: undefined,
  validation: undefined,
  validationEntry: 'string',
  epochs: 1,
  entry: 'string',
  shuffle: [true, false],
  params: 'object',
  sizes: 'object',
  metrics: 'object',
  callbacks: 'object',
  signal: 'AbortSignal',
  checkpoint: 'object',
  resume: undefined,
  progress: [true, false],
  signals: [true, false],
  onNaN: ['stop', 'continue'],
  stepsPerSubmit: 1,
};

const optionNames = Object.keys(rules).map((name) => ({ name }));

/** Whether a name is one of an option. */
const isOption = (name: string): name is keyof FitOptions => Object.hasOwn(rules, name);

/**
 * A copy of the options of a fit, so that what is changed later does not count.
 *
 * @throws InputError for options that there are not, and values that they cannot have; SessionError `unknown-entry`
 */
export function takeFitOptions({ program }: Session, given: FitOptions): TakenOptions {
  const options = named('options', given);
  for (const [name, value] of Object.entries(options)) {
    requireOption(name, program);
    const rule = isOption(name) ? rules[name] : undefined;
    if (value !== undefined && rule !== undefined) checkOption(name, value, rule);
  }
  const { data, validation, entry = 'train', shuffle, callbacks = [], metrics } = options;
  const entries = Object.keys(program.entries).map((name) => ({ name }));
  for (const name of [entry, options.validationEntry]) if (name !== undefined) slotOf('entry', entries, name);
  requireBatches('data', data);
  if (typeof validation === 'number') {
    if (!(validation > 0 && validation < 1))
      unfit('range', 'validation', 'a share between 0 and 1', validation);
  } else if (validation !== undefined) requireBatches('validation', validation);
  if (shuffle === true && !isResident(data))
    throw new InputError('type', 'shuffle', 'a stream has its own order: shuffle it where it is made');
  requireCallbacks(callbacks);
  requireResumable(options.resume, options.checkpoint);
  if (metrics !== undefined && isNames(metrics)) requireOutputs(program, entry, metrics, options);
  else if (metrics !== undefined) requireFunctions(metrics, validation);
  return {
    ...options,
    ...(options.params === undefined ? {} : { params: { ...options.params } }),
    ...(options.sizes === undefined ? {} : { sizes: { ...options.sizes } }),
    ...(options.checkpoint === undefined ? {} : { checkpoint: { ...options.checkpoint } }),
    ...(metrics === undefined ? {} : { metrics: isNames(metrics) ? [...metrics] : { ...metrics } }),
    entry,
    epochs: options.epochs ?? 1,
    shuffle: shuffle ?? isResident(data),
    callbacks: [...callbacks],
  };
}

/** @throws InputError `type`, `unknown` for what is not a scalar output of what trains, or of what may validate */
function requireOutputs(
  { entries }: ProgramBase,
  trained: string,
  names: readonly string[],
  { validation, validationEntry }: FitOptions,
): void {
  const others = validationEntry === undefined ? Object.keys(entries) : [validationEntry];
  const known = [trained, ...(validation === undefined ? [] : others)].flatMap(
    (entry) => entries[entry]?.outputs.filter(({ shape }) => shape.length === 0) ?? [],
  );
  const outputs = [...new Set(known.map(({ name }) => name))];
  for (const name of names) {
    if (typeof name !== 'string') unfit('type', 'metrics', 'names of scalar outputs', name);
    if (!outputs.includes(name))
      throw new InputError('unknown', name, `no such scalar output${didYouMeanIn(name, outputs)}`);
  }
}

/** @throws InputError `type` for what is not a function, `missing` where there is nothing to compute them of */
function requireFunctions(metrics: object, validation: FitOptions['validation']): void {
  for (const [name, metric] of Object.entries(metrics))
    if (typeof metric !== 'function')
      unfit('type', `metrics.${name}`, 'a function of what the validation gives', metric);
  if (validation === undefined)
    throw new InputError('missing', 'validation', 'metrics are computed of the validation: give its data');
}

/** Names of the size of a batch elsewhere. */
const batchNames: readonly string[] = ['batchSize', 'batch_size', 'batchsize', 'batch'];

/** @throws InputError `unknown` for an option that there is not */
function requireOption(name: string, { sizes }: Session['program']): void {
  const [size] = sizes;
  if (batchNames.includes(name)) {
    const where = size === undefined ? "m.size('batch', { max: 32 })" : `${size.name}, ${size.max} at most`;
    const fewer =
      size === undefined
        ? ''
        : `; sizes: { ${size.name}: ${Math.ceil(size.max / 2)} } takes fewer rows a step`;
    throw new InputError(
      'unknown',
      name,
      `no such option: a batch has as many rows as the module says, ${where}${fewer}`,
    );
  }
  slotOf('option', optionNames, name);
}

/** Whether metrics are given as names of outputs. */
export function isNames(metrics: NonNullable<FitOptions['metrics']>): metrics is readonly string[] {
  return Array.isArray(metrics);
}

function requireBatches(name: string, given: unknown): void {
  if (typeof given !== 'function' && Object(given) !== given)
    throw new InputError(
      'type',
      name,
      `expected arrays by input, a dataset, or a stream of batches, found ${shown(given)}`,
    );
}

/** When callbacks are told: a callback has one of these, or a few. */
const moments: readonly string[] = Object.keys({
  onTrainBegin: true,
  onEpochBegin: true,
  onSteps: true,
  onNaN: true,
  onValidationEnd: true,
  onEpochEnd: true,
  onTrainEnd: true,
} satisfies Record<keyof Callback & `on${string}`, true>);

/** Two callbacks with one name would take each other's states. @throws InputError `type`, `unknown`, `missing` */
function requireCallbacks(callbacks: readonly Callback[]): void {
  if (!Array.isArray(callbacks)) unfit('type', 'callbacks', 'a list', callbacks);
  const taken = new Set<string>();
  for (const [k, callback] of callbacks.entries()) {
    // What makes a callback is easily given in its place.
    if (Object(callback) !== callback || typeof callback === 'function')
      unfit('type', `callbacks[${k}]`, 'an object, as callbacks.earlyStopping() gives', callback);
    const heard = membersOf(callback).filter((name) => /^on[A-Z]/.test(name));
    for (const name of heard)
      if (!moments.includes(name))
        throw new InputError('unknown', name, `no such moment of a callback${didYouMeanIn(name, moments)}`);
    if (heard.length === 0)
      throw new InputError('missing', `callbacks[${k}]`, `hears of nothing: give it ${listed(moments)}`);
    const { name, state } = callback;
    if (state === undefined) continue;
    if (name === undefined)
      throw new InputError(
        'missing',
        'callbacks',
        'a callback with a state needs a name, to find it in a checkpoint',
      );
    if (taken.has(name))
      throw new InputError(
        'type',
        'callbacks',
        `two have the name ${shown(name)}: give one another, { ...callback, name }`,
      );
    taken.add(name);
  }
}

/** Names of its members that have a value, those of its classes too. */
function membersOf(given: object): string[] {
  const names: string[] = [];
  for (let at: object | null = given; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
    names.push(...Object.getOwnPropertyNames(at));
  return names.filter((name) => Reflect.get(given, name) !== undefined);
}
