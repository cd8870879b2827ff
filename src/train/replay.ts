import { type Data, Dataset, takeArrays } from '../runtime/dataset.ts';
import type { ProgramBase, Session } from '../runtime/index.ts';
import type { TrainingError } from '../runtime/issues.ts';
import { permutation, rowNumbers } from '../runtime/random.ts';
import { decodeSnapshot } from '../runtime/saved.ts';
import { asElements, type Output } from '../runtime/values.ts';
import type { Bare } from './bare.ts';
import { type Batches, epochsOf, isResident } from './batches.ts';
import type { History } from './history.ts';
import type { Begin, Place } from './nanError.ts';
import type { TakenOptions } from './options.ts';
import { type Pace, SearchEnded } from './pace.ts';
import type { Scalars } from './scalars.ts';
import type { Found, NanOrigin, OriginOf, Suspect } from './suspect.ts';

/** What a snapshot was taken before. */
export interface Snapshot {
  readonly bytes: Uint8Array;
  /** The epoch, and its steps that were done. */
  readonly epoch: number;
  readonly steps: number;
  /** How callbacks had changed run-time scalars. */
  readonly changes: string;
  /** Elements of states that were not finite. */
  readonly nonFinite: number;
}

/** States of which something is not so yet, and how many steps after the snapshot these are. */
interface Before {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** States by name. */
type States = Readonly<Record<string, Output>>;

/**
 * Steps again, from a snapshot on: with the batches of the training, one call each, so that the states are the same to the last
 * bit.
 */
export class Replay {
  readonly #session: Session;
  readonly #bare: Bare;
  readonly #data: Batches;
  readonly #options: TakenOptions;
  readonly #scalars: Scalars;
  readonly #pace: Pace;

  constructor(
    session: Session,
    bare: Bare,
    data: Batches,
    options: TakenOptions,
    scalars: Scalars,
    pace: Pace,
  ) {
    this.#session = session;
    this.#bare = bare;
    this.#data = data;
    this.#options = options;
    this.#scalars = scalars;
    this.#pace = pace;
  }

  /** Where the NaN of an error began, or why that cannot be said. @throws SearchEnded; what the data and the session throw */
  async search(
    snapshot: Snapshot,
    error: TrainingError,
    originOf: OriginOf,
    history: History,
  ): Promise<Begin | string> {
    const places = placesOf(snapshot, error, history);
    let begin: Begin | undefined;
    let state: string | undefined;
    const nans = countIn(statesIn(this.#session.program, snapshot.bytes), Number.isNaN);
    const hasMore = (states: States): boolean => countIn(states, Number.isNaN) > nans;
    let before = await this.#lastBefore(snapshot, places, places.length - 1, hasMore);
    for (;;) {
      const place = places[before.at];
      if (place === undefined) return 'no step was taken since the last snapshot of the states';
      const suspect = await this.#suspect(snapshot, places, before, state);
      const origin = await originOf(suspect, () => this.#pace.turn());
      if (origin === undefined) return begin ?? (await this.#notFound(snapshot, places, before, error));
      begin = { origin: textOf(origin), epoch: place.epoch, step: place.step };
      const { given } = origin;
      if (given === undefined) return begin;
      // A state has it before the step: the step that made it comes before.
      const isSo = (states: States): boolean => !isFiniteAt(states[given.state], given.index);
      if (isSo(statesIn(this.#session.program, snapshot.bytes)))
        return { ...begin, origin: sinceText(begin.origin, snapshot) };
      before = await this.#lastBefore(snapshot, places, before.at - 1, isSo);
      state = given.state;
    }
  }

  /**
   * The states before the step that makes something so: found while stepping, by looking at few of the states, most of them near
   * the end, since what is looked for is mostly young. All passes together take no more than twice the steps.
   *
   * @param end so many steps after the snapshot it may not be so yet; one step later it is
   */
  async #lastBefore(
    snapshot: Snapshot,
    places: readonly Place[],
    end: number,
    isSo: (states: States) => boolean,
  ): Promise<Before> {
    const { program } = this.#session;
    let before: Before = { bytes: snapshot.bytes, at: 0 };
    let after = end + 1;
    while (after - before.at > 1) {
      const looks = looksAt(before.at, after);
      for await (const { at } of this.#steps(snapshot, places, before, after - 1)) {
        if (!looks.has(at)) continue;
        const bytes = await this.#bare.save();
        if (isSo(statesIn(program, bytes))) {
          after = at;
          break;
        }
        before = { bytes, at };
      }
    }
    return before;
  }

  /** Takes steps, and tells of each; how many are done since the snapshot. */
  async *#steps(
    snapshot: Snapshot,
    places: readonly Place[],
    from: Before,
    to: number,
  ): AsyncGenerator<{ readonly at: number }, void, undefined> {
    await this.#bare.load(from.bytes);
    for await (const { at, data } of this.#batches(snapshot, places, from.at, to)) {
      await this.#pace.turn();
      await this.#run(data);
      yield { at: at + 1 };
    }
  }

  #run(data: Data): ReturnType<Session['run']> {
    const { entry, sizes = {} } = this.#options;
    return this.#session.run(entry, data, { params: this.#scalars.functions(), sizes });
  }

  /** The batch of the step after these states. */
  async #batchAfter(snapshot: Snapshot, places: readonly Place[], { at }: Before): Promise<Data> {
    for await (const { data } of this.#batches(snapshot, places, at, at + 1)) return data;
    throw new RangeError(`step ${at} of ${places.length} has no batch`);
  }

  /** Why there is no NaN in the last step, where the reference evaluator finds none. */
  async #notFound(
    snapshot: Snapshot,
    places: readonly Place[],
    before: Before,
    { output }: TrainingError,
  ): Promise<string> {
    const none = 'the reference evaluator finds no NaN in that step: run sinter check';
    if (before.at < places.length - 1) return none;
    await this.#bare.load(before.bytes);
    const outputs = await this.#run(await this.#batchAfter(snapshot, places, before));
    if (Number.isNaN(outputs[output]?.data[0])) return none;
    return 'the same steps taken again give no NaN: the data are others each time that they are opened';
  }

  async #suspect(
    snapshot: Snapshot,
    places: readonly Place[],
    before: Before,
    state: string | undefined,
  ): Promise<Suspect> {
    const { program } = this.#session;
    const { entry } = this.#options;
    const data = await this.#batchAfter(snapshot, places, before);
    const [place] = decodeSnapshot(program, before.bytes);
    const step = (place.entries[`.${entry}`]?.steps ?? 0) + 1;
    const { inputs, rows } = takeArrays(program, data);
    const params = Object.entries(this.#scalars.functions()).map(([name, scalar]) => [
      name,
      typeof scalar === 'function' ? scalar(step) : scalar,
    ]);
    return {
      entry,
      step,
      states: statesIn(program, before.bytes),
      inputs: Object.fromEntries(
        [...inputs].map(([name, [{ shape, size }, values]]) => {
          const count = size === undefined ? shape[0] : rows.get(size);
          return [
            name,
            { shape: size === undefined ? shape : [count ?? 0, ...shape.slice(1)], data: values },
          ];
        }),
      ),
      params: Object.fromEntries(params),
      live: { ...this.#options.sizes, ...Object.fromEntries(rows) },
      state,
    };
  }

  /**
   * The batches of some of the steps after the snapshot, as the training had them.
   *
   * @throws SearchEnded where the data have fewer than they had
   */
  async *#batches(
    { bytes, epoch }: Snapshot,
    places: readonly Place[],
    from: number,
    to: number,
  ): AsyncGenerator<{ readonly at: number; readonly data: Data }, void, undefined> {
    const { program } = this.#session;
    const [begun] = decodeSnapshot(program, bytes);
    const draw = begun.entries[`.${this.#options.entry}`]?.position.draw || begun.shuffles + 1;
    const data = this.#data;
    if (data instanceof Dataset) return;
    let at = from;
    while (at < to) {
      const opened = places[at]?.epoch ?? epoch;
      const batches = isResident(data)
        ? shuffledBatches(program, data, this.#options, begun.seed, draw + opened - epoch)
        : awaited(epochsOf(data)(opened), this.#pace);
      let step = 0;
      for await (const batch of batches) {
        step++;
        if (step === places[at]?.step) yield { at: at++, data: batch };
        if (at >= to || places[at]?.epoch !== opened) break;
        await this.#pace.turn();
      }
      const missing = places[at];
      if (at < to && missing?.epoch === opened)
        throw new SearchEnded(
          `opened again to look for where it began, the data of epoch ${opened} have ${step} batches, and had ${missing.step} or more`,
        );
    }
  }
}

/** The steps after a snapshot, to that of an error. */
function placesOf({ epoch, steps }: Snapshot, last: Place, { epochs }: History): Place[] {
  const places: Place[] = [];
  for (let at = epoch; at <= last.epoch; at++) {
    const end = at === last.epoch ? last.step : (epochs[at - 1]?.steps ?? 0);
    for (let step = at === epoch ? steps + 1 : 1; step <= end; step++) places.push({ epoch: at, step });
  }
  return places;
}

/** After which steps states are looked at, between two: 1, 3, 7, … before the later one. */
function looksAt(before: number, after: number): ReadonlySet<number> {
  const looks = new Set<number>();
  for (let back = 1; after - back > before; back = 2 * back + 1) looks.add(after - back);
  return looks;
}

function textOf({ node, source, text }: Found): NanOrigin {
  return { node, source, text };
}

function sinceText(origin: NanOrigin, { epoch, steps }: Snapshot): NanOrigin {
  const since = `and was so before epoch ${epoch}, step ${steps + 1}, where the search began`;
  return { ...origin, text: `${origin.text}, ${since}` };
}

/** The batches of a stream, which may never give one. */
async function* awaited(
  batches: AsyncIterator<Data> | Iterator<Data>,
  { wait }: Pace,
): AsyncGenerator<Data, void, undefined> {
  const next = (): Promise<IteratorResult<Data>> => wait((async () => batches.next())());
  try {
    for (let result = await next(); !result.done; result = await next()) yield result.value;
  } finally {
    // A generator closes once it has given what it was asked for: it may never do that.
    await wait((async () => batches.return?.())()).catch(() => {});
  }
}

/** The batches of an epoch of arrays, as the session cuts and orders them. */
function* shuffledBatches(
  program: ProgramBase,
  data: Data,
  { sizes, shuffle, entry }: TakenOptions,
  seed: number,
  draw: number,
): Generator<Data, void, undefined> {
  const { inputs, rows } = takeArrays(program, data);
  const own = new Set(program.entries[entry]?.inputs);
  const most = new Map(program.sizes.map(({ name, max }) => [name, sizes?.[name] ?? max]));
  const orders = new Map(
    [...rows].map(([size, count]) => [
      size,
      shuffle ? permutation(seed, draw - 1, count) : rowNumbers(count),
    ]),
  );
  const main = [...inputs.values()].find(([slot]) => slot.size !== undefined && own.has(slot.name));
  const size = main?.[0].size ?? '';
  const steps = main === undefined ? 1 : Math.ceil((rows.get(size) ?? 0) / (most.get(size) ?? 1));
  for (let step = 0; step < steps; step++) {
    const parts = [...inputs].map(([name, [slot, values, length]]) => {
      const order = slot.size === undefined ? undefined : orders.get(slot.size);
      if (order === undefined) return [name, values] as const;
      const batch = most.get(slot.size ?? '') ?? 1;
      const width = length / order.length;
      const chosen = order.subarray(step * batch, (step + 1) * batch);
      return [
        name,
        Array.from(
          { length: chosen.length * width },
          (_, k) => values[(chosen[Math.floor(k / width)] ?? 0) * width + (k % width)] ?? 0,
        ),
      ] as const;
    });
    yield Object.fromEntries(parts);
  }
}

/** The states of a snapshot of a program. @throws FormatError */
export function statesIn(program: ProgramBase, bytes: Uint8Array): Record<string, Output> {
  const [, states] = decodeSnapshot(program, bytes);
  return Object.fromEntries(
    states.map(([{ name, dtype, shape }, { buffer, byteOffset, byteLength }]) => {
      const words = new Uint32Array(buffer.slice(byteOffset, byteOffset + byteLength));
      return [name, { shape, data: asElements(dtype, words) }];
    }),
  );
}

/** How many elements of states are so. */
export function countIn(states: States, isSuch: (x: number) => boolean): number {
  let count = 0;
  for (const { data } of Object.values(states))
    if (data instanceof Float32Array) for (const x of data) if (isSuch(x)) count++;
  return count;
}

/** Whether an element is finite. @param index by dimensions */
function isFiniteAt(state: Output | undefined, index: readonly number[]): boolean {
  if (state === undefined) return true;
  const at = state.shape.reduce((offset, extent, k) => offset * extent + (index[k] ?? 0), 0);
  return Number.isFinite(state.data[at]);
}
