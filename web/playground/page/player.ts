import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { Ask, Tell, View } from '../protocol.ts';
import { Curve } from './curve.ts';

/** What is asked to be opened. */
export type Opening = Omit<Extract<Ask, { kind: 'open' }>, 'kind'>;

/** What the worker tells of the model that runs. */
export type Opened = Extract<Tell, { kind: 'opened' }>;

/** What is wrong with a model; lines and columns count from 1. */
export type Problem = Omit<Extract<Tell, { kind: 'error' }>, 'kind'>;

/** Something that happened, said until it is dismissed. */
export interface Notice {
  readonly id: number;
  readonly kind: 'info' | 'error';
  readonly text: string;
}

/** Numbers of the training. */
export type Figures = Pick<
  Extract<Tell, { kind: 'steps' }>,
  'step' | 'epoch' | 'metrics' | 'stepsPerSecond' | 'measuredMicros'
> & {
  /** The last one; NaN where there is none. */
  readonly loss: number;
  /** How many there were. */
  readonly losses: number;
};

/** What a player needs of a worker; a test gives its own. */
export type PlayersWorker = Pick<Worker, 'postMessage' | 'terminate'> & {
  onmessage: ((event: MessageEvent<Tell>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
};

/** Seconds without a word, while something is asked of it, after which a worker is ended. */
export const PATIENCE = 20;

/** How training goes on in another worker. */
interface Resume {
  readonly state: Kept | undefined;
  readonly train: boolean;
}

type Kept = Omit<Extract<Tell, { kind: 'kept' }>, 'kind'>;

const nothing: Figures = {
  step: 0,
  epoch: 0,
  metrics: {},
  loss: Number.NaN,
  losses: 0,
  stepsPerSecond: 0,
  measuredMicros: Number.NaN,
};

/**
 * The page's side of the worker: what was asked of it, what it said, and its life. A worker that does not come back from a model is
 * ended; another one opens the model before it, and goes on from the last state that was kept.
 */
export class Player {
  readonly #makeWorker: () => PlayersWorker;
  #worker: PlayersWorker | undefined;
  /** What is being opened, and what is to be opened then: of the edits in between only the last counts. */
  #opening: Opening | undefined;
  #next: Opening | undefined;
  #good: Opening | undefined;
  #resume: Resume | undefined;
  #kept: Kept | undefined;
  /** Whose weights are being loaded: a person's, or those that were kept when a worker was ended. */
  #loading: 'given' | 'kept' | undefined;
  /** Whether the next `opened` is of the model that already ran, on another device. */
  #moved = false;
  /** Scalars that a person changed. */
  #params = new Map<string, number>();
  #wantsTraining = false;
  #notices = 0;

  readonly #progress = signal<{ readonly doing: string; readonly part?: number } | undefined>(undefined);
  readonly #opened = signal<Opened | undefined>(undefined);
  readonly #running = signal(false);
  readonly #problem = signal<Problem | undefined>(undefined);
  readonly #figures = signal<Figures>(nothing);
  readonly #views = signal<ReadonlyMap<string, View>>(new Map());
  readonly #noticed = signal<readonly Notice[]>([]);
  readonly #silence = signal(0);
  readonly #goodSource = signal<string | undefined>(undefined);
  readonly #saved = signal<{ readonly name: string; readonly bytes: Uint8Array } | undefined>(undefined);

  /** What is going on before there is a model: a compilation, a download. */
  readonly progress: ReadonlySignal<{ readonly doing: string; readonly part?: number } | undefined> =
    this.#progress;
  /** The model that runs. */
  readonly opened: ReadonlySignal<Opened | undefined> = this.#opened;
  readonly running: ReadonlySignal<boolean> = this.#running;
  /** What is wrong with the last model that was opened. */
  readonly problem: ReadonlySignal<Problem | undefined> = this.#problem;
  readonly figures: ReadonlySignal<Figures> = this.#figures;
  /** By title, in the order in which they came. */
  readonly views: ReadonlySignal<ReadonlyMap<string, View>> = this.#views;
  readonly notices: ReadonlySignal<readonly Notice[]> = this.#noticed;
  /** Seconds for which the worker has not said a word though something is asked of it. */
  readonly silence: ReadonlySignal<number> = this.#silence;
  /** The text of the model that runs. */
  readonly goodSource: ReadonlySignal<string | undefined> = this.#goodSource;
  /** The weights that were saved last: a file to be written. */
  readonly saved: ReadonlySignal<{ readonly name: string; readonly bytes: Uint8Array } | undefined> =
    this.#saved;

  /** The loss over steps, and the other metrics: read them where `figures` changed. */
  loss = new Curve();
  readonly metrics = new Map<string, Curve>();

  constructor(makeWorker: () => PlayersWorker) {
    this.#makeWorker = makeWorker;
  }

  /** Opens a model once what is being opened has been: what runs goes on until then. */
  open(opening: Opening): void {
    if (this.#opening === undefined) this.#ask(opening);
    else this.#next = opening;
  }

  train(): void {
    this.#wantsTraining = true;
    this.#post({ kind: 'train' });
  }

  pause(): void {
    this.#wantsTraining = false;
    this.#post({ kind: 'pause' });
  }

  setParam(name: string, value: number): void {
    this.#params.set(name, value);
    this.#post({ kind: 'param', name, value });
  }

  /** Shows the network what a person made. */
  attempt(what: Omit<Extract<Ask, { kind: 'try' }>, 'kind'>): void {
    this.#post({ kind: 'try', ...what });
  }

  save(): void {
    this.#post({ kind: 'save' });
  }

  load(name: string, file: Uint8Array | Blob): void {
    this.#loading = 'given';
    this.#post({ kind: 'load', name, file });
  }

  dismiss(id: number): void {
    this.#noticed.value = this.#noticed.value.filter((notice) => notice.id !== id);
  }

  /** Says something of the page's own. At most four notices stand at once. */
  notice(kind: Notice['kind'], text: string): void {
    const others = this.#noticed.value.filter((notice) => notice.text !== text).slice(-3);
    this.#noticed.value = [...others, { id: ++this.#notices, kind, text }];
  }

  /** A second has gone by. Seconds are counted while the page is awake: a computer that slept is not a model that hangs. */
  tick(): void {
    const waits =
      this.#opening !== undefined ||
      this.#loading !== undefined ||
      (this.#running.value && this.#wantsTraining);
    this.#silence.value = waits ? this.#silence.value + 1 : 0;
    if (this.#silence.value < PATIENCE) return;
    this.#end(`has not come back for ${PATIENCE} seconds, so it was ended`);
  }

  /** Ends the worker because a person does not want to wait. */
  stop(): void {
    this.#end('was stopped before it came back');
  }

  /** Frees the device: the page is left. A worker that is busy does not hear it, and ends all the same. */
  close(): void {
    this.#post({ kind: 'close' });
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  /** Goes on where `close` ended: the page was left, and came back as it was. */
  reopen(): void {
    if (this.#worker === undefined) this.#recover(this.#wantsTraining);
  }

  #post(ask: Ask): void {
    this.#worker?.postMessage(ask);
  }

  #ask(opening: Opening): void {
    this.#opening = opening;
    this.#next = undefined;
    this.#silence.value = 0;
    this.#progress.value = { doing: 'Compiling' };
    this.#worker ??= this.#start();
    this.#post({ kind: 'open', ...opening });
  }

  #start(): PlayersWorker {
    const worker = this.#makeWorker();
    const current = (): boolean => this.#worker === worker;
    worker.onmessage = ({ data }) => {
      if (current()) batch(() => this.#hear(data));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      if (current()) this.#end(`broke its worker (${event.message || 'it did not load'})`);
    };
    worker.onmessageerror = () => {
      if (current()) this.#end('told something that the page cannot read');
    };
    return worker;
  }

  #hear(tell: Tell): void {
    // What trained before goes on, and says nothing of a model that waits for ever.
    if (this.#opening === undefined || !isOfTraining(tell)) this.#silence.value = 0;
    switch (tell.kind) {
      case 'progress': {
        const { kind: _, ...progress } = tell;
        if (this.#opening !== undefined || this.#moved) this.#progress.value = progress;
        return;
      }
      case 'opened':
        this.#began(tell);
        return;
      case 'error': {
        const { kind: _, ...problem } = tell;
        this.#refused(problem);
        return;
      }
      case 'running':
        this.#running.value = tell.running;
        return;
      case 'steps':
        this.#stepped(tell);
        return;
      case 'views': {
        const views = new Map(this.#views.value);
        for (const view of tell.views) views.set(view.title, view);
        this.#views.value = views;
        return;
      }
      case 'kept':
        this.#kept = { step: tell.step, name: tell.name, bytes: tell.bytes };
        return;
      case 'lost': {
        this.#moved = true;
        const where = tell.target === 'wasm' ? 'WebAssembly' : 'another GPU device';
        this.notice(
          'info',
          `The GPU went away (${tell.reason.replace(/\.$/, '')}). Training goes on, on ${where}, from step ${tell.step}.`,
        );
        return;
      }
      case 'saved':
        this.#saved.value = { name: tell.name, bytes: tell.bytes };
        return;
      case 'loaded':
        this.#loaded(tell.name, tell.step);
        return;
      case 'closed':
        return;
    }
    tell satisfies never;
  }

  #began(opened: Opened): void {
    const [opening, resume] = [this.#opening, this.#resume];
    this.#opening = undefined;
    this.#resume = undefined;
    this.#progress.value = undefined;
    this.#opened.value = opened;
    if (opening !== undefined) {
      this.#good = opening;
      this.#goodSource.value = opening.source;
    }
    if (resume !== undefined || this.#moved) {
      for (const [name, value] of this.#params) this.#post({ kind: 'param', name, value });
    }
    if (resume !== undefined) {
      if (resume.state === undefined) this.#clear();
      else {
        this.#loading = 'kept';
        this.#post({ kind: 'load', name: resume.state.name, file: resume.state.bytes });
      }
      if (resume.train) this.train();
    } else if (!this.#moved) {
      this.#problem.value = undefined;
      this.#params = new Map();
      this.#kept = undefined;
      this.#views.value = new Map();
      this.#clear();
      if (this.#wantsTraining) this.train();
    }
    this.#moved = false;
    this.#goOn();
  }

  #refused(problem: Problem): void {
    this.#progress.value = undefined;
    this.#moved = false;
    if (this.#opening !== undefined) {
      const again = this.#resume !== undefined;
      this.#opening = undefined;
      this.#resume = undefined;
      if (again) this.notice('error', `What ran before does not start again: ${problem.message}`);
      else this.#problem.value = problem;
      this.#goOn();
      return;
    }
    if (this.#loading !== undefined) {
      this.#loading = undefined;
      this.notice('error', problem.message);
      return;
    }
    if (problem.line === undefined) this.notice('error', problem.message);
    else this.#problem.value = problem;
  }

  /** Opens what was edited while something else was being opened. */
  #goOn(): void {
    if (this.#next !== undefined) this.#ask(this.#next);
  }

  #stepped(tell: Extract<Tell, { kind: 'steps' }>): void {
    const { step, epoch, losses, at, metrics, stepsPerSecond, measuredMicros } = tell;
    this.loss.push(losses, at);
    for (const [name, value] of Object.entries(metrics)) {
      const curve = this.metrics.get(name) ?? new Curve();
      this.metrics.set(name, curve);
      curve.push([value], [step]);
    }
    const before = this.#figures.value;
    this.#figures.value = {
      step,
      epoch,
      loss: losses.at(-1) ?? before.loss,
      losses: before.losses + losses.length,
      metrics: { ...before.metrics, ...metrics },
      stepsPerSecond,
      measuredMicros,
    };
  }

  #loaded(name: string, step: number): void {
    const isGiven = this.#loading === 'given';
    this.#loading = undefined;
    if (isGiven) {
      // What comes now goes on from elsewhere.
      this.#clear();
      this.#figures.value = { ...nothing, step };
      this.notice('info', `${name} is loaded; training goes on from step ${step}.`);
      return;
    }
    this.loss.cut(step);
    for (const curve of this.metrics.values()) curve.cut(step);
    this.#figures.value = { ...this.#figures.value, step };
  }

  #clear(): void {
    this.#figures.value = nothing;
    this.loss = new Curve();
    this.metrics.clear();
  }

  /** Ends the worker, and has another one go on with the model before. */
  #end(how: string): void {
    const hung = this.#opening;
    this.#worker?.terminate();
    this.#worker = undefined;
    batch(() => {
      const message = `The ${hung === undefined ? 'training' : 'model'} ${how}.`;
      if (this.#resume !== undefined) this.#good = undefined;
      else if (hung !== undefined) this.#problem.value = { message };
      if (hung === undefined || this.#good === undefined) this.notice('error', message);
      // What stood still while it trained would do so again: it is opened, and waits.
      this.#recover(hung !== undefined && this.#wantsTraining);
    });
  }

  #recover(train: boolean): void {
    const next = this.#next;
    this.#opening = undefined;
    this.#loading = undefined;
    this.#moved = false;
    this.#progress.value = undefined;
    this.#running.value = false;
    this.#silence.value = 0;
    this.#wantsTraining = train;
    if (this.#good === undefined) {
      this.#resume = undefined;
      this.#opened.value = undefined;
      this.#goOn();
      return;
    }
    this.#resume = { state: this.#kept, train };
    this.#ask(this.#good);
    this.#next = next;
  }
}

/** Whether a word is of the model that trains, rather than of what is being opened. */
function isOfTraining({ kind }: Tell): boolean {
  return kind === 'steps' || kind === 'views' || kind === 'kept' || kind === 'running';
}
