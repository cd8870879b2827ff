import type { Host } from './host.ts';
import { workerText } from './worker.ts';

/** Web Workers. Their script is a blob: a bundler cannot know of a worker's file inside a library. */
export const browserHost: Host = {
  get cores() {
    return navigator.hardwareConcurrency;
  },
  async alone() {
    if (!globalThis.crossOriginIsolated) return NOT_ISOLATED;
    forbidden ??= workersForbidden();
    return (await forbidden) ? FORBIDDEN : undefined;
  },
  allowRelaxed() {},
  spawn(hear, fail) {
    const { worker, end } = startWorker(`const port = self;${workerText}`);
    worker.onmessage = ({ data }) => hear(data);
    worker.onmessageerror = () => fail('its message cannot be read');
    worker.onerror = ({ message }) => fail(message || FORBIDDEN);
    return { post: (message) => worker.postMessage(message), hold() {}, end };
  },
};

const NOT_ISOLATED =
  'this page is not cross-origin isolated: serve it with Cross-Origin-Opener-Policy: same-origin and ' +
  'Cross-Origin-Embedder-Policy: require-corp';
const FORBIDDEN = 'the policy of this page forbids workers: it has to allow worker-src blob:';

/** Whether the page forbids workers, asked once: its policy stays. */
let forbidden: Promise<boolean> | undefined;

/** Starts a worker that does nothing but answer: a policy is only found out by what it refuses. */
function workersForbidden(): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const { worker, end } = startWorker('postMessage(0)');
      const settle = (isForbidden: boolean): void => {
        end();
        resolve(isForbidden);
      };
      worker.onmessage = () => settle(false);
      worker.onerror = () => settle(true);
    } catch {
      resolve(true);
    }
  });
}

function startWorker(script: string): { readonly worker: Worker; readonly end: () => void } {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  try {
    const worker = new Worker(url);
    const end = (): void => {
      worker.terminate();
      URL.revokeObjectURL(url);
    };
    return { worker, end };
  } catch (error) {
    URL.revokeObjectURL(url);
    throw error;
  }
}
