import { type Data, Dataset, takeArrays } from '../runtime/dataset.ts';
import type { ProgramBase, Session } from '../runtime/index.ts';
import { TrainingError } from '../runtime/issues.ts';
import { permutation, rowNumbers } from '../runtime/random.ts';
import { decodeSnapshot } from '../runtime/saved.ts';
import { asElements, type Output, type Values } from '../runtime/values.ts';
import type { Bare } from './bare.ts';
import { type Batches, epochsOf, isResident } from './batches.ts';
import type { TakenOptions } from './options.ts';
import type { Scalars } from './scalars.ts';

/** A step whose results have a NaN, and all that it was given. */
export interface Suspect {
  readonly entry: string;
  /** Number of the entry's step in the session. */
  readonly step: number;
  /** States before the step. */
  readonly states: Readonly<Record<string, Output>>;
  readonly inputs: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Values }>>;
  readonly params: Readonly<Record<string, number>>;
  /** Live extents of bounded sizes. */
  readonly live: Readonly<Record<string, number>>;
}

/** Where a NaN began. */
export interface NanOrigin {
  /** The node, `h = log(%12)`. */
  readonly node: string;
  /** The line that built it, `model.ts:9`, where it is known. */
  readonly source: string | undefined;
  /** What it is and what made it, for people. */
  readonly text: string;
}

/** Training met a NaN, and fit has looked for where it began. */
export class NanError extends TrainingError {
  /** The first node with a NaN; undefined where it was not found. */
  readonly origin: NanOrigin | undefined;

  /** @param reason why there is no origin */
  constructor(
    error: TrainingError,
    found: { readonly origin: NanOrigin; readonly step: number; readonly epoch: number } | string,
  ) {
    super(error.entry, error.output, error.epoch, error.step);
    this.origin = typeof found === 'string' ? undefined : found.origin;
    const where = `${error.entry}: ${error.output} is NaN in epoch ${error.epoch}, step ${error.step}`;
    if (typeof found === 'string') this.message = `${this.message} (${found})`;
    else {
      const { node, source, text } = found.origin;
      const place = source === undefined ? node : `${node}  at ${source}`;
      this.message = `${where}; the first is in epoch ${found.epoch}, step ${found.step}: ${place}: ${text}; a lower learning rate may help, or onNaN: 'continue'`;
    }
    this.cause = error;
  }
}

/** Bytes of states that are kept in memory for it at most (assumed). */
const MOST_BYTES = 2 ** 28;

/** A snapshot that costs more than this share of the time since the last is not taken (assumed). */
const MOST_SHARE = 0.01;

/** The place of a step: `step` of an epoch, both counted from 1. */
interface Place {
  readonly epoch: number;
  readonly step: number;
}

/** What a snapshot was taken before. */
interface Snapshot {
  readonly bytes: Uint8Array;
  /** The epoch, and its steps that were done. */
  readonly epoch: number;
  readonly steps: number;
  /** How callbacks had changed run-time scalars. */
  readonly changes: string;
}

/**
 * Finds where a NaN began: steps again from a snapshot to the step before, and has that step looked at. Batches are those of
 * the training, one call each, so that the states are the same to the last bit.
 */
export class NanSearch {
  readonly #session: Session;
  readonly #bare: Bare;
  readonly #options: TakenOptions;
  readonly #data: Batches;
  readonly #scalars: Scalars;
  #snapshot: Snapshot | undefined;
  #taken = Number.NEGATIVE_INFINITY;
  #cost = 0;

  constructor(session: Session, bare: Bare, data: Batches, options: TakenOptions, scalars: Scalars) {
    this.#session = session;
    this.#bare = bare;
    this.#data = data;
    this.#options = options;
    this.#scalars = scalars;
  }

  /** Takes a snapshot before an epoch, or before what is left of it, where that is cheap beside what has run. */
  async remember(epoch: number, steps: number): Promise<void> {
    if (this.#options.onNaN === 'continue' || this.#data instanceof Dataset) return;
    const { state, words } = this.#session.program.buffers;
    if (state + words > MOST_BYTES) return;
    const begin = performance.now();
    const changes = this.#changes();
    if (begin - this.#taken < this.#cost / MOST_SHARE) {
      // The one before still serves, unless its scalars were others.
      if (this.#snapshot?.changes !== changes) this.#snapshot = undefined;
      return;
    }
    this.#snapshot = { bytes: await this.#bare.save(), epoch, steps, changes };
    this.#taken = performance.now();
    this.#cost = this.#taken - begin;
  }

  /**
   * The error with where its NaN began, or why that is not known. The session is as it was, whatever is found.
   *
   * @param originOf looks at a step; undefined where its results have no NaN
   */
  async explained(
    error: TrainingError,
    originOf: (suspect: Suspect) => Promise<NanOrigin | undefined>,
  ): Promise<NanError> {
    if (this.#data instanceof Dataset)
      return new NanError(error, 'given arrays, fit says which node made it');
    const snapshot = this.#snapshot;
    if (snapshot === undefined || snapshot.changes !== this.#changes())
      return new NanError(error, 'no snapshot is there to look again from');
    const after = await this.#bare.save();
    try {
      return await this.#search(error, snapshot, originOf);
    } finally {
      await this.#bare.load(after);
    }
  }

  async #search(
    error: TrainingError,
    snapshot: Snapshot,
    originOf: (suspect: Suspect) => Promise<NanOrigin | undefined>,
  ): Promise<NanError> {
    const places: Place[] = [];
    for await (const { place } of this.#batches(snapshot, error)) places.push(place);
    // The last step before which no state has a NaN: `low` is one, and none is beyond `high`.
    let [low, high] = [0, places.length - 1];
    for (let probes = 0; low < high; probes++) {
      // A NaN is mostly young: the last steps first, then by halves.
      const at = probes < 2 ? high : (low + high + 1) >> 1;
      if (hasNan(await this.#statesBefore(snapshot, error, at))) high = at - 1;
      else low = at;
    }
    const place = places[low];
    const suspect = await this.#suspect(snapshot, error, low);
    const origin = suspect === undefined ? undefined : await originOf(suspect);
    if (place === undefined || origin === undefined)
      return new NanError(error, 'the reference evaluator finds no NaN in that step: run sinter check');
    return new NanError(error, { origin, ...place });
  }

  /** States before the step of this number, counted from 0 at the snapshot. */
  async #statesBefore(snapshot: Snapshot, error: Place, at: number): Promise<readonly Output[]> {
    await this.#stepTo(snapshot, error, at);
    return Object.values(statesIn(this.#session.program, await this.#bare.save()));
  }

  /** Takes the steps before one, from the snapshot on. @returns the batch of that step */
  async #stepTo(snapshot: Snapshot, error: Place, at: number): Promise<Data | undefined> {
    await this.#bare.load(snapshot.bytes);
    const params = this.#scalars.functions();
    const sizes = this.#options.sizes ?? {};
    let k = 0;
    for await (const { data } of this.#batches(snapshot, error)) {
      if (k++ === at) return data;
      await this.#session.run(this.#options.entry, data, { params, sizes });
    }
    return undefined;
  }

  async #suspect(snapshot: Snapshot, error: Place, at: number): Promise<Suspect | undefined> {
    const { program } = this.#session;
    const { entry } = this.#options;
    const data = await this.#stepTo(snapshot, error, at);
    if (data === undefined) return undefined;
    const bytes = await this.#bare.save();
    const [place] = decodeSnapshot(program, bytes);
    const step = (place.entries[`.${entry}`]?.steps ?? 0) + 1;
    const { inputs, rows } = takeArrays(program, data);
    const params = Object.entries(this.#scalars.functions()).map(([name, scalar]) => [
      name,
      typeof scalar === 'function' ? scalar(step) : scalar,
    ]);
    return {
      entry,
      step,
      states: statesIn(program, bytes),
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
    };
  }

  /** The batches from the snapshot to the step with the NaN, in the order of the training. */
  async *#batches(
    { bytes, epoch, steps }: Snapshot,
    last: Place,
  ): AsyncGenerator<{ readonly place: Place; readonly data: Data }, void, undefined> {
    const [place] = decodeSnapshot(this.#session.program, bytes);
    const draw = place.entries[`.${this.#options.entry}`]?.position.draw || place.shuffles + 1;
    const data = this.#data;
    if (data instanceof Dataset) return;
    for (let at = epoch; at <= last.epoch; at++) {
      const batches = isResident(data)
        ? shuffledBatches(this.#session.program, data, this.#options, place.seed, draw + at - epoch)
        : iterable(epochsOf(data)(at));
      let step = 0;
      for await (const batch of batches) {
        step++;
        if (at > epoch || step > steps) yield { place: { epoch: at, step }, data: batch };
        if (at === last.epoch && step === last.step) return;
      }
    }
  }

  #changes(): string {
    return JSON.stringify(this.#scalars.state().changes);
  }
}

async function* iterable(
  batches: AsyncIterator<Data> | Iterator<Data>,
): AsyncGenerator<Data, void, undefined> {
  try {
    for (let next = await batches.next(); !next.done; next = await batches.next()) yield next.value;
  } finally {
    await batches.return?.();
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

function statesIn(program: ProgramBase, bytes: Uint8Array): Record<string, Output> {
  const [, states] = decodeSnapshot(program, bytes);
  return Object.fromEntries(
    states.map(([{ name, dtype, shape }, { buffer, byteOffset, byteLength }]) => {
      const words = new Uint32Array(buffer.slice(byteOffset, byteOffset + byteLength));
      return [name, { shape, data: asElements(dtype, words) }];
    }),
  );
}

function hasNan(states: readonly Output[]): boolean {
  return states.some(({ data }) => data instanceof Float32Array && data.some(Number.isNaN));
}
