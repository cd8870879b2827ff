/** Work that waits until nothing else is done. */
export class Jobs {
  readonly #failed: (error: unknown) => void;
  readonly #waiting: (() => Promise<void>)[] = [];
  #doing: Promise<void> | undefined;

  /** @param failed is told what a job throws: the others go on */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Whether anything waits. */
  get waits(): boolean {
    return this.#waiting.length > 0;
  }

  /** Puts a job behind the others. @returns when it is done, well or not */
  add(job: () => Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(() => job().finally(resolve));
    });
  }

  /** Does what waits, one after the other, and ends when nothing does; who asks meanwhile waits for the same. */
  async work(): Promise<void> {
    if (this.#doing === undefined && !this.waits) return;
    this.#doing ??= this.#all();
    await this.#doing;
  }

  async #all(): Promise<void> {
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift())
      await job().catch(this.#failed);
    // At once: what is added from here on begins again.
    this.#doing = undefined;
  }
}
