import { clipped, listed } from '../runtime/clipped.ts';
import type { Output, OutputSlot, Session } from '../runtime/index.ts';
import { InputError, SessionError, shown } from '../runtime/issues.ts';
import { type Batches, epochsOf, isResident } from './batches.ts';
import { residentBlocks, residentOf, type Waiting } from './feed.ts';
import type { Validation } from './history.ts';
import { FeedError } from './issues.ts';
import { type Evaluated, isNames, type TakenOptions } from './options.ts';
import type { Scalars } from './scalars.ts';
import { lossOf, Sums } from './sums.ts';

/** Evaluates the validation data of a fit after each epoch. */
export interface Validator {
  /** @throws FeedError where the stream of this epoch's validation is wrong; a signal's reason */
  evaluate(epoch: number): Promise<Validation>;
  dispose(): void;
}

/**
 * Opens the validation data: uploads what is to stay.
 *
 * @param hasUpdates whether an entry updates states; undefined where nobody knows
 * @throws InputError; SessionError `unknown-entry`, also for an entry that trains, or has no scalar output; DeviceError
 */
export async function validatorOf(
  session: Session,
  data: Batches,
  options: TakenOptions,
  scalars: Scalars,
  waiting: Waiting,
  hasUpdates: ((entry: string) => boolean) | undefined,
): Promise<Validator> {
  const entry = options.validationEntry ?? validationEntry(session, options.entry, hasUpdates);
  requireEvaluation(session, entry, options.entry, hasUpdates);
  const outputs = session.program.entries[entry]?.outputs ?? [];
  const resident = isResident(data) ? await residentOf(session, data) : undefined;
  const given = { ...options.sizes };
  const { stepsPerSubmit } = options;
  const evaluate = (
    data: Parameters<Session['evaluate']>[1]['data'],
    rows: Readonly<Record<string, number>>,
  ) =>
    session.evaluate(entry, {
      data,
      params: scalars.last(),
      sizes: { ...given, ...rows },
      ...(stepsPerSubmit === undefined ? {} : { stepsPerSubmit }),
    });
  const isWhole = options.metrics !== undefined && !isNames(options.metrics);
  const dispose = (): void => {
    if (resident?.isOwn === true) resident.dataset.dispose();
  };
  const all = async (epoch: number): Promise<Evaluated> => {
    if (resident !== undefined) {
      try {
        return await waiting(evaluate(resident.dataset, {}));
      } catch (error) {
        // What a signal leaves running ends after the steps that run, for want of its data.
        dispose();
        throw error;
      }
    }
    const parts: Evaluated[] = [];
    if (!isResident(data)) {
      // The same batches after every epoch.
      try {
        for await (const { dataset, rows } of residentBlocks(session, 1, epochsOf(data), 0, waiting)) {
          const part = await evaluate(dataset, rows);
          parts.push(isWhole ? part : { ...part, outputs: {} });
        }
      } catch (error) {
        throw error instanceof FeedError ? error.ofValidation(epoch) : error;
      }
    }
    return joined(parts, outputs);
  };
  return {
    evaluate: async (epoch) => {
      const begin = performance.now();
      const evaluated = await all(epoch);
      const { samples } = evaluated;
      const values = valuesOf(evaluated, options.metrics);
      const seconds = (performance.now() - begin) / 1000;
      return { samples, loss: lossOf(evaluated.scalars), scalars: values, seconds };
    },
    dispose,
  };
}

/** The values that `metrics` asks for: of scalar outputs those that it names, or all, and what its functions give. */
export function valuesOf(
  evaluated: Evaluated,
  metrics: TakenOptions['metrics'],
): Readonly<Record<string, number>> {
  if (metrics === undefined) return evaluated.scalars;
  if (isNames(metrics)) return picked(evaluated.scalars, metrics);
  const computed = Object.entries(metrics).map(([name, metric]) => {
    const value: unknown = metric(evaluated);
    if (typeof value !== 'number')
      throw new InputError(
        'type',
        `metrics.${name}`,
        `expected a function that gives a number, found ${typeof value}`,
      );
    return [name, value] as const;
  });
  return { ...evaluated.scalars, ...Object.fromEntries(computed) };
}

/** Of scalars those that are named. */
export function picked(
  scalars: Readonly<Record<string, number>>,
  names: readonly string[],
): Record<string, number> {
  return Object.fromEntries(Object.entries(scalars).filter(([name]) => names.includes(name)));
}

/** @throws SessionError `unknown-entry` where no entry, or more than one, may be meant */
function validationEntry(
  { program }: Session,
  trained: string,
  hasUpdates: ((entry: string) => boolean) | undefined,
): string {
  const { entries } = program;
  if (Object.hasOwn(entries, 'evaluate')) return 'evaluate';
  const found = Object.keys(entries).filter(
    (name) =>
      name !== trained &&
      entries[name]?.outputs.some(({ name, shape }) => name === 'loss' && shape.length === 0) === true &&
      hasUpdates?.(name) !== true,
  );
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const which =
    found.length === 0
      ? 'no entry gives the loss without updates'
      : `${listed(found.map(clipped))} give the loss: say which as validationEntry`;
  throw new SessionError(
    'unknown-entry',
    `validation: ${which}; declare one, m.entry('evaluate', { loss, … }), of a loss that is not trained: evaluation(loss) where layers differ in training`,
  );
}

/** Validation must not train, and needs a loss. @throws SessionError `unknown-entry` */
function requireEvaluation(
  { program }: Session,
  entry: string,
  trained: string,
  hasUpdates: ((entry: string) => boolean) | undefined,
): void {
  const refuse = (fault: string): never => {
    const text = `validation: entry ${shown(entry)} ${fault}; declare one for it, m.entry('evaluate', { loss, … })`;
    throw new SessionError('unknown-entry', text);
  };
  // Who trains an entry says that it has updates, where no module does.
  if (entry === trained || hasUpdates?.(entry) === true)
    refuse('updates states, so it would train on the validation data');
  if (!program.entries[entry]?.outputs.some(({ shape }) => shape.length === 0))
    refuse('has no scalar output, so there is no loss of the validation');
}

/** What parts of the data gave, as `evaluate` gives it of all. */
function joined(parts: readonly Evaluated[], slots: readonly OutputSlot[]): Evaluated {
  const scalars = new Sums(slots);
  for (const part of parts) scalars.add(part.samples, part.scalars);
  const names = Object.keys(parts[0]?.outputs ?? {});
  const outputs = names.map((name) => {
    const slot = slots.find((one) => one.name === name);
    const values = parts.flatMap(({ samples, outputs }) => {
      const output = outputs[name];
      return output === undefined ? [] : [{ samples, output }];
    });
    if (slot === undefined) throw new RangeError(`no output ${name}`);
    return [
      name,
      slot.live[0] ? rowsOf(values) : sumOf(values, slot.dtype === 'f32', scalars.samples),
    ] as const;
  });
  return { samples: scalars.samples, scalars: scalars.totals(), outputs: Object.fromEntries(outputs) };
}

type Part = { readonly samples: number; readonly output: Evaluated['outputs'][string] };
type Elements = Output['data'] | Float64Array<ArrayBuffer>;

/** Rows one after the other. */
function rowsOf(parts: readonly Part[]): Evaluated['outputs'][string] {
  const count = parts.reduce((n, { output }) => n + (output.shape[0] ?? 0), 0);
  const [first] = parts;
  if (first === undefined) throw new RangeError('no part');
  const length = parts.reduce((n, { output }) => n + output.data.length, 0);
  const data = emptyLike(first.output.data, length);
  let filled = 0;
  for (const { output } of parts) {
    data.set(output.data, filled);
    filled += output.data.length;
  }
  return { shape: [count, ...first.output.shape.slice(1)], data };
}

function emptyLike(data: Elements, length: number): Elements {
  if (data instanceof Float32Array) return new Float32Array(length);
  if (data instanceof Int32Array) return new Int32Array(length);
  return data instanceof Uint32Array ? new Uint32Array(length) : new Float64Array(length);
}

/** Means over samples of f32, sums of all else. */
function sumOf(parts: readonly Part[], isMean: boolean, samples: number): Evaluated['outputs'][string] {
  const [first] = parts;
  if (first === undefined) throw new RangeError('no part');
  const sums = new Float64Array(first.output.data.length);
  for (const part of parts)
    for (const [i, value] of part.output.data.entries())
      sums[i] = (sums[i] ?? 0) + value * (isMean ? part.samples : 1);
  return { shape: first.output.shape, data: isMean ? Float32Array.from(sums, (sum) => sum / samples) : sums };
}
