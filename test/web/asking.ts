import { Playground } from '../../web/playground/playground.ts';
import type { Ask, Tell } from '../../web/playground/protocol.ts';
import { Shelf } from '../../web/playground/shelf.ts';

type Kind = Tell['kind'];

/** A playground without a page: what is told is kept, and can be waited for. */
export class Asking {
  readonly told: Tell[] = [];
  readonly #playground: Playground;
  readonly #waiting = new Set<() => void>();

  constructor() {
    const hear = (tell: Tell): void => {
      this.told.push(tell);
      for (const look of [...this.#waiting]) look();
    };
    // What examples fetch is not there.
    this.#playground = new Playground(hear, new Shelf(new URL('http://localhost:1/'), () => {}));
  }

  ask(ask: Ask): void {
    this.#playground.ask(ask);
  }

  /** The next word of a kind that is as it should be, from now on. @throws Error where an error is told that nobody asked for */
  next<K extends Kind>(
    kind: K,
    fits: (tell: Extract<Tell, { kind: K }>) => boolean = () => true,
  ): Promise<Extract<Tell, { kind: K }>> {
    let from = this.told.length;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        for (; from < this.told.length; from++) {
          const tell = this.told[from];
          if (tell === undefined) continue;
          if (isOf(kind, tell)) {
            if (!fits(tell)) continue;
            this.#waiting.delete(look);
            resolve(tell);
            return;
          }
          if (tell.kind !== 'error') continue;
          this.#waiting.delete(look);
          reject(new Error(tell.message));
          return;
        }
      };
      this.#waiting.add(look);
    });
  }
}

function isOf<K extends Kind>(kind: K, tell: Tell): tell is Extract<Tell, { kind: K }> {
  return tell.kind === kind;
}
