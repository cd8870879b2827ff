import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Example } from '../protocol.ts';
import type { Drafts } from './drafts.ts';
import { hashOf, LinkError, type Linked, linkedBy } from './link.ts';
import type { Opening, Player } from './player.ts';
import type { Visit, Visits } from './visits.ts';

export type Target = Opening['target'];

/** Why a model waits for a person's word before it runs: it came with a link, or the page went down with it. */
export type Waiting = 'link' | 'went down';

/** Milliseconds without a key after which an edit is compiled. */
const PAUSE = 700;

/** What is worked on: an example, the text of its model as it is edited, and the target. The player runs it. */
export class Desk {
  readonly examples: readonly Example[];
  readonly #player: Player;
  readonly #drafts: Drafts;
  readonly #visits: Visits;
  readonly #example;
  readonly #text = signal('');
  readonly #target = signal<Target>('auto');
  readonly #waiting = signal<Waiting | undefined>(undefined);
  readonly #changed = signal(0);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts what was opened: a link that takes long to read does not come over what was chosen meanwhile. */
  #openings = 0;
  #isShown = false;
  /** The example that a page before this one went down with, until a person runs it all the same. */
  #wentDown: string | undefined;

  readonly example: ReadonlySignal<Example>;
  /** The text of the model, edited or not. */
  readonly text: ReadonlySignal<string> = this.#text;
  readonly target: ReadonlySignal<Target> = this.#target;
  readonly waiting: ReadonlySignal<Waiting | undefined> = this.#waiting;
  /** How often the text was changed by anything but the editor, which then follows. */
  readonly changed: ReadonlySignal<number> = this.#changed;
  /** Whether the text is not the example's. */
  readonly isEdited: ReadonlySignal<boolean>;
  /** Whether what runs is another text: an edit that has not compiled yet. */
  readonly isStale: ReadonlySignal<boolean>;

  constructor(examples: readonly Example[], player: Player, drafts: Drafts, visits: Visits) {
    const [first] = examples;
    if (first === undefined) throw new RangeError('a playground needs an example');
    this.examples = examples;
    this.#player = player;
    this.#drafts = drafts;
    this.#visits = visits;
    this.#wentDown = drafts.wentDownWith;
    this.#example = signal(first);
    this.example = this.#example;
    this.isEdited = computed(() => this.#text.value !== this.#example.value.source);
    this.isStale = computed(
      () => player.goodSource.value !== undefined && player.goodSource.value !== this.#text.value,
    );
    effect(() => {
      if (player.progress.value === undefined) drafts.setOpening(undefined);
    });
  }

  /** Opens what stood on the desk at this entry of the browser's history; of one that a link made, what its address names. */
  async begin(hash: string): Promise<void> {
    const visit = this.#visits.current;
    const noted = this.#named(visit?.example);
    if (visit !== undefined && noted !== undefined) {
      this.#show(noted.name, visit.text ?? noted.source);
      this.#start(visit.waits && this.isEdited.value ? 'link' : undefined);
      return;
    }
    const opening = ++this.#openings;
    let linked: Linked | undefined;
    try {
      linked = await linkedBy(
        hash,
        this.examples.map(({ name }) => name),
      );
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#player.notice('error', `${error.message} The example is opened instead.`);
      const example = this.#named(new URLSearchParams(hash.replace(/^#/, '')).get('example'));
      linked = example === undefined ? undefined : { example: example.name };
    }
    if (opening !== this.#openings) return;
    const { example, source } = linked ?? { example: this.#example.value.name };
    this.#show(example, source ?? this.#drafted(example));
    this.#start(source !== undefined && this.isEdited.value ? 'link' : undefined);
  }

  /** Opens an example, as it was edited last; the browser goes back to what stood here before. */
  choose(name: string): void {
    if (this.#named(name) === undefined) return;
    this.#note();
    const isOther = name !== this.#example.value.name;
    this.#show(name, this.#drafted(name));
    if (isOther) this.#visits.add(this.#visit);
    this.#start(undefined);
  }

  /** Takes what was typed, and compiles it after a pause. */
  edit(text: string): void {
    if (text === this.#text.value) return;
    this.#text.value = text;
    if (this.#waiting.value !== 'link') this.#keep();
    clearTimeout(this.#timer);
    // What came with a link is not run for a comma that was added to it.
    this.#timer = setTimeout(() => (this.#waiting.value === undefined ? this.run() : this.#note()), PAUSE);
  }

  /** Compiles the text, and trains it once it has compiled. What a link brought is the person's own from here on. */
  run(): void {
    clearTimeout(this.#timer);
    this.#waiting.value = undefined;
    if (this.isEdited.value) this.#keep();
    this.#note();
    const example = this.#example.value.name;
    if (this.#wentDown === example) this.#wentDown = undefined;
    if (this.isEdited.value) this.#drafts.setOpening(example);
    this.#player.open({ example, source: this.#text.value, target: this.#target.value });
  }

  /** Puts the example's own text in place of what was edited. */
  reset(): void {
    this.#text.value = this.#example.value.source;
    this.#changed.value++;
    this.#keep();
    this.run();
  }

  setTarget(target: Target): void {
    this.#target.value = target;
    if (this.#waiting.value === undefined) this.run();
  }

  /** The address that opens what is on the desk. */
  async link(base: string): Promise<string> {
    const example = this.#example.value.name;
    const hash = await hashOf(this.isEdited.value ? { example, source: this.#text.value } : { example });
    return base.replace(/#.*$/, '') + hash;
  }

  get #visit(): Visit {
    const visit = { example: this.#example.value.name, waits: this.#waiting.value === 'link' };
    return this.isEdited.value ? { ...visit, text: this.#text.value } : visit;
  }

  #named(name: string | null | undefined): Example | undefined {
    return this.examples.find((example) => example.name === name);
  }

  /** The text of an example as it was edited last. */
  #drafted(name: string): string {
    return this.#drafts.get(name) ?? this.#named(name)?.source ?? '';
  }

  #show(name: string, text: string): void {
    clearTimeout(this.#timer);
    const example = this.#named(name);
    if (example === undefined) return;
    this.#openings++;
    this.#isShown = true;
    this.#example.value = example;
    this.#text.value = text;
    this.#waiting.value = undefined;
    this.#changed.value++;
  }

  /** Runs what is shown, unless it is to wait, or is what the page went down with. */
  #start(waiting: Waiting | undefined): void {
    const { name } = this.#example.value;
    const wentDown = this.isEdited.value && this.#wentDown === name ? 'went down' : undefined;
    this.#waiting.value = waiting ?? wentDown;
    if (this.#waiting.value === undefined) this.run();
    else this.#note();
  }

  /** Keeps an edit for the next time that the example is chosen. */
  #keep(): void {
    this.#drafts.set(this.#example.value.name, this.isEdited.value ? this.#text.value : undefined);
  }

  /** Notes what stands on the desk, for when the browser comes back to it. */
  #note(): void {
    if (this.#isShown) this.#visits.note(this.#visit);
  }
}
