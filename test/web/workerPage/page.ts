import { examples } from '../../../web/playground/examples/list.ts';
import type { Ask, Tell } from '../../../web/playground/protocol.ts';

/** What a test drives: asks of the worker, and what it told so far. */
class Bench {
  readonly told: Tell[] = [];
  readonly #worker = new Worker(new URL('../../../web/playground/worker.ts', import.meta.url), {
    type: 'module',
  });

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Tell>) => this.told.push(data));
  }

  ask(ask: Ask): void {
    this.#worker.postMessage(ask);
  }

  /** Opens an example, its own text or another one. */
  open(
    name: string,
    target: 'auto' | 'webgpu' | 'wasm',
    edit: (source: string) => string = (source) => source,
  ): void {
    const example = examples.find((one) => one.name === name);
    if (example !== undefined)
      this.ask({ kind: 'open', example: name, source: edit(example.source), target });
  }

  end(): void {
    this.#worker.terminate();
  }
}

declare global {
  interface Window {
    bench: Bench;
    newBench: () => void;
  }
}

window.newBench = () => {
  window.bench?.end();
  window.bench = new Bench();
};
window.newBench();
