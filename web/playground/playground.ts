import type { Module } from '../../src/index.ts';
import { lookOf } from '../../src/inspect/lookOf.ts';
import { evaluateModel, MODEL_FILE } from './evaluate.ts';
import { trainingEntry } from './feed.ts';
import { lessons } from './lessons/list.ts';
import { messageOf } from './messageOf.ts';
import { ModelError } from './modelError.ts';
import { startModel } from './openModel.ts';
import { Player } from './player.ts';
import type { Ask, Tell } from './protocol.ts';
import type { Shelf } from './shelf.ts';

/** Of first values and shuffles: whoever opens an example sees the same. */
const SEED = 1;

type Open = Extract<Ask, { kind: 'open' }>;

/** What a page's worker does: opens models one after the other, and has the one that is open train. */
export class Playground {
  readonly #tell: (tell: Tell) => void;
  readonly #shelf: Shelf;
  #player: Player | undefined;
  #turn: Promise<void> = Promise.resolve();
  /** The last that was asked for: models asked for before it need not be opened any more. */
  #newest: Open | undefined;
  #isClosed = false;

  constructor(tell: (tell: Tell) => void, shelf: Shelf) {
    this.#tell = tell;
    this.#shelf = shelf;
  }

  /** Does what the page asks. What is wrong is told. */
  ask(ask: Ask): void {
    if (this.#isClosed) return;
    switch (ask.kind) {
      case 'open':
        this.#newest = ask;
        this.#after(() => (this.#newest === ask ? this.#open(ask) : undefined));
        break;
      case 'close':
        this.#isClosed = true;
        this.#player?.close();
        this.#tell({ kind: 'closed' });
        break;
      default:
        this.#after(() => this.#withModel(ask));
    }
  }

  /** Does something when what was asked before is done. */
  #after(work: () => Promise<void> | undefined): void {
    this.#turn = this.#turn.then(work).catch((error: unknown) => this.#failed(error));
  }

  async #withModel(ask: Exclude<Ask, { kind: 'open' | 'close' }>): Promise<void> {
    const player = this.#player;
    if (player === undefined) throw new ModelError(`there is no model yet to ${ask.kind}`);
    switch (ask.kind) {
      case 'train':
        return player.train();
      case 'pause':
        return player.pause();
      case 'param':
        return player.param(ask.name, ask.value);
      case 'try':
        return player.attempt(ask);
      case 'save':
        return player.save();
      case 'load':
        return player.load(ask.name, ask.file);
      default:
        return ask satisfies never;
    }
  }

  async #open(ask: Open): Promise<void> {
    // A model may never return: what was learned before it is the page's then.
    await this.#player?.keep();
    this.#tell({ kind: 'progress', doing: 'reading the model' });
    const module = await evaluateModel(ask.source);
    const lesson = lessons.get(ask.example);
    if (lesson === undefined)
      throw new ModelError(
        `there is no example ${JSON.stringify(ask.example)}; there are ${[...lessons.keys()].join(', ')}`,
      );
    this.#tell({ kind: 'progress', doing: 'compiling' });
    const running = await startModel(module, ask.target, SEED);
    try {
      const entry = trainingEntry(running.session.program, updatingEntries(module));
      const data = await lesson.data(running.session.program, this.#shelf);
      this.#take(
        new Player(running, entry, lesson, data, this.#tell, (reason) => this.#lost(ask, reason)),
        ask,
      );
    } catch (error) {
      running.session.dispose();
      throw error;
    }
  }

  /** Takes a model in place of the one before. */
  #take(player: Player, { source }: Open): void {
    if (this.#isClosed) {
      player.close();
      return;
    }
    this.#player?.close();
    this.#player = player;
    const { running, entry } = player;
    this.#tell({
      kind: 'opened',
      look: lookOf(running.compiled.compilation, { files: [{ name: MODEL_FILE, text: source }] }),
      target: running.target,
      device: running.device,
      ...(running.note === undefined ? {} : { note: running.note }),
      params: player.params,
      entry,
      predictedMicros: running.compiled.report.entries[entry]?.predictedMicros ?? 0,
      tries: player.tries,
    });
    void player.keep();
    player.show();
  }

  /** The device is gone: goes on on WebAssembly from the state that was kept last. */
  #lost(ask: Open, reason: string): void {
    const player = this.#player;
    if (player === undefined) return;
    const { isTraining, kept } = player;
    this.#tell({ kind: 'lost', reason, step: kept?.step ?? 0, target: 'wasm' });
    this.#after(async () => {
      player.close();
      const again = { ...ask, target: 'wasm' } as const;
      await this.#open(again);
      if (kept !== undefined) await this.#player?.load('the state before', kept.bytes);
      if (isTraining) this.#player?.train();
    });
  }

  #failed(error: unknown): void {
    const { line, column } = error instanceof ModelError ? error : { line: undefined, column: undefined };
    this.#tell({
      kind: 'error',
      message: messageOf(error),
      ...(line === undefined ? {} : { line }),
      ...(column === undefined ? {} : { column }),
    });
  }
}

/** Entries that update states. */
function updatingEntries({ entries }: Module): ReadonlySet<string> {
  return new Set(entries.filter(({ updates }) => updates.length > 0).map(({ name }) => name));
}
