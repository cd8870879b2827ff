import { start, type WasmProgram } from '../../src/runtime/wasm/index.ts';
import { data } from './data.ts';
import { post } from './post.ts';
import { SEED, training } from './training.ts';

/** How many workers were started. */
let workers = 0;

/** A worker that holds a lock of its own as long as it lives: the browser gives the lock back when it is gone. */
class LockedWorker extends Worker {
  constructor(url: string | URL) {
    const script = `navigator.locks.request('worker ${workers++}', () => new Promise(() => {}));
importScripts(${JSON.stringify(String(url))});`;
    super(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
  }
}

/** Waits until so many workers live. */
async function living(count: number): Promise<void> {
  let held: number | undefined;
  while (held !== count) held = (await navigator.locks.query()).held?.length;
}

// Runs in a browser with the runtime alone: two sessions side by side, disposed of one after the other.
await post(async () => {
  globalThis.Worker = LockedWorker;
  const program: WasmProgram = await (await fetch('/program.json')).json();
  const options = { seed: SEED, threads: 2 };
  const [first, second] = await Promise.all([start(program, options), start(program, options)]);
  const together = await Promise.all([training(first), training(second)]);
  await living(4);
  first.dispose();
  await living(2);
  // The second goes on without the first, until it is disposed of in the middle of an epoch.
  const onProgress = (): void => second.dispose();
  const endless = second.train({ data, epochs: 2, stepsPerSubmit: 1, onProgress });
  const ended = await endless.next().then(
    () => 'done',
    (error: unknown) => String(error),
  );
  await living(0);
  return { together, ended, workers };
});
