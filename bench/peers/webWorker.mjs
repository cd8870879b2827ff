import { resolveObjectURL } from 'node:buffer';
import { Worker } from 'node:worker_threads';

/** As much of a browser's `Worker` as jax-js uses, on a thread of Node: Node itself has none. */
export class WebWorker {
  onmessage = () => {};
  onerror = () => {};
  #worker;

  constructor(url) {
    this.#worker = this.#start(url);
  }

  async #start(url) {
    const text = await resolveObjectURL(url).text();
    const script = `
      const { parentPort } = require('node:worker_threads');
      globalThis.self = globalThis;
      globalThis.postMessage = (message) => parentPort.postMessage(message);
      parentPort.on('message', (data) => self.onmessage({ data }));
      ${text}`;
    const worker = new Worker(script, { eval: true });
    worker.on('message', (data) => this.onmessage({ data }));
    worker.on('error', (error) => this.onerror(error));
    return worker;
  }

  postMessage(message) {
    // Started once, it is posted to without a wait: a promise in between would cost the peer time.
    if (this.#worker instanceof Worker) this.#worker.postMessage(message);
    else
      this.#worker.then((worker) => {
        this.#worker = worker;
        worker.postMessage(message);
      });
  }
}
