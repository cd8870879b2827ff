import { Worker } from 'node:worker_threads';

/** Turns of a stretch, and how many stretches there are: other work on the machine disturbs some. */
const TURNS = 2_000;
const STRETCHES = 100;

/**
 * Nanoseconds that a word of shared memory takes from one thread to another and back, in the best stretch: about
 * 130 where their cores share a cache, 330 where they do not. On a virtual machine that changes by itself, and
 * steps on several threads with it.
 */
export async function roundTrip(): Promise<number> {
  const words = new Int32Array(new SharedArrayBuffer(256));
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { words, own, turns, stretches } = workerData;
    let least = Infinity;
    for (let stretch = 0; stretch < stretches; stretch++) {
      const begin = performance.now();
      for (let k = 0; k < turns; k++) {
        const turn = 2 * (stretch * turns + k) + own;
        while (Atomics.load(words, 0) !== turn);
        Atomics.store(words, 0, turn + 1);
      }
      least = Math.min(least, performance.now() - begin);
    }
    parentPort.postMessage(least);`;
  const stretches = [0, 1].map(
    (own) =>
      new Promise<number>((resolve, reject) => {
        const workerData = { words, own, turns: TURNS, stretches: STRETCHES };
        const worker = new Worker(script, { eval: true, execArgv: [], workerData });
        worker.on('error', reject);
        worker.on('message', resolve);
      }),
  );
  return (1e6 * Math.max(...(await Promise.all(stretches)))) / TURNS;
}
