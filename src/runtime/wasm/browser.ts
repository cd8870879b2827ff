import type { Host } from './host.ts';
import { workerText } from './worker.ts';

/** Web Workers. Their script is a blob: a bundler cannot know of a worker's file inside a library. */
export const browserHost: Host = {
  get cores() {
    return navigator.hardwareConcurrency;
  },
  get alone() {
    return globalThis.crossOriginIsolated
      ? undefined
      : 'this page is not cross-origin isolated: serve it with Cross-Origin-Opener-Policy: same-origin and ' +
          'Cross-Origin-Embedder-Policy: require-corp';
  },
  allowRelaxed() {},
  spawn(hear, fail) {
    const script = new Blob([`const port = self;${workerText}`], { type: 'text/javascript' });
    const url = URL.createObjectURL(script);
    const worker = new Worker(url);
    worker.onmessage = ({ data }) => hear(data);
    worker.onmessageerror = () => fail('its message cannot be read');
    worker.onerror = ({ message }) =>
      fail(message || 'it does not start: the policy of the page has to allow worker-src blob:');
    return {
      post: (message) => worker.postMessage(message),
      hold() {},
      end() {
        worker.terminate();
        URL.revokeObjectURL(url);
      },
    };
  },
};
