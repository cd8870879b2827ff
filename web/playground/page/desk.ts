import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Example } from '../protocol.ts';
import type { Drafts } from './drafts.ts';
import { hashOf, LinkError, linkedBy } from './link.ts';
import type { Opening, Player } from './player.ts';

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
  readonly #example;
  readonly #text = signal('');
  readonly #target = signal<Target>('auto');
  readonly #waiting = signal<Waiting | undefined>(undefined);
  readonly #changed = signal(0);
  #timer: ReturnType<typeof setTimeout> | undefined;

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

  constructor(examples: readonly Example[], player: Player, drafts: Drafts) {
    const [first] = examples;
    if (first === undefined) throw new RangeError('a playground needs an example');
    this.examples = examples;
    this.#player = player;
    this.#drafts = drafts;
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

  /** Opens what the address names, or the first example. */
  async begin(hash: string): Promise<void> {
    try {
      const linked = await linkedBy(
        hash,
        this.examples.map(({ name }) => name),
      );
      if (linked === undefined) return this.choose(this.#example.value.name);
      if (linked.source === undefined) return this.choose(linked.example);
      this.#show(linked.example, linked.source);
      this.#waiting.value = this.isEdited.value ? 'link' : undefined;
      if (!this.isEdited.value) this.run();
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#player.notice('error', `${error.message} The example is opened instead.`);
      const example = new URLSearchParams(hash.replace(/^#/, '')).get('example');
      this.choose(this.#named(example)?.name ?? this.#example.value.name);
    }
  }

  /** Opens an example, as it was edited last. */
  choose(name: string): void {
    const example = this.#named(name);
    if (example === undefined) return;
    this.#show(name, this.#drafts.get(name) ?? example.source);
    if (this.isEdited.value && this.#drafts.wentDownWith === name) this.#waiting.value = 'went down';
    else this.run();
  }

  /** Takes what was typed, and compiles it after a pause. */
  edit(text: string): void {
    if (text === this.#text.value) return;
    this.#text.value = text;
    this.#keep();
    clearTimeout(this.#timer);
    // What came with a link is not run for a comma that was added to it.
    if (this.#waiting.value === undefined) this.#timer = setTimeout(() => this.run(), PAUSE);
  }

  /** Compiles the text, and trains it once it has compiled. */
  run(): void {
    clearTimeout(this.#timer);
    this.#waiting.value = undefined;
    this.#keep();
    const example = this.#example.value.name;
    if (this.isEdited.value) this.#drafts.setOpening(example);
    this.#player.open({ example, source: this.#text.value, target: this.#target.value });
  }

  /** Puts the example's own text in place of what was edited. */
  reset(): void {
    this.#text.value = this.#example.value.source;
    this.#changed.value++;
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

  #named(name: string | null): Example | undefined {
    return this.examples.find((example) => example.name === name);
  }

  #show(name: string, text: string): void {
    clearTimeout(this.#timer);
    const example = this.#named(name);
    if (example === undefined) return;
    this.#example.value = example;
    this.#text.value = text;
    this.#waiting.value = undefined;
    this.#changed.value++;
  }

  /** Keeps an edit, and has the address name the example: what a link brought is now the person's own. */
  #keep(): void {
    const { name } = this.#example.value;
    this.#drafts.set(name, this.isEdited.value ? this.#text.value : undefined);
    history.replaceState(null, '', `#example=${encodeURIComponent(name)}`);
  }
}
