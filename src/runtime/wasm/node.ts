import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Host } from './host.ts';
import { workerText } from './worker.ts';

/** `worker_threads`. The only file of the runtime that imports Node: browsers' bundles leave it out. */
export const nodeHost: Host = {
  cores: availableParallelism(),
  alone: async () => undefined,
  allowRelaxed() {
    setFlagsFromString('--experimental-wasm-relaxed-simd');
  },
  spawn(hear, fail) {
    const script = `const port = require('node:worker_threads').parentPort;${workerText}`;
    // Without the loaders of the process, which the script does not need, a worker starts ten times as fast.
    const worker = new Worker(script, { eval: true, execArgv: [] });
    worker.on('message', hear);
    worker.on('messageerror', (error) => fail(String(error)));
    worker.on('error', (error) => fail(String(error)));
    worker.on('exit', (code) => fail(`it ended with code ${code}`));
    return {
      post: (message) => worker.postMessage(message),
      hold: (alive) => (alive ? worker.ref() : worker.unref()),
      end: () => void worker.terminate(),
    };
  },
};
