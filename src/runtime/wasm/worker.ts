/** Why a thread fails that is ahead of the others or behind them: one that went on would compute something else. */
export const OUT_OF_STEP = 'it is out of step with the threads that it meets at barriers';

/**
 * What a thread runs, after a line that says what its `port` is. First it is given modules, memory and what it
 * is called with besides; then call after call, each of which it answers: with the call's number, or with the
 * error's text.
 *
 * It is text, not a function or a file: bundlers and runners of TypeScript put into a function's text what is
 * defined elsewhere, and do not find a file that a library starts.
 */
export const workerText = `
let play, own;
port.onmessage = ({ data }) => {
  try {
    const { call, memory, tiles, main, args } = data;
    if (memory) {
      const { exports } = new WebAssembly.Instance(tiles, { sinter: { memory } });
      const now = () => performance.now();
      const lost = () => { throw new Error(${JSON.stringify(OUT_OF_STEP)}); };
      ({ play } = new WebAssembly.Instance(main, { sinter: { ...exports, memory, now, lost } }).exports);
      own = args;
    } else {
      const [entry, record, stride, count, times] = args;
      const [thread, threads, scratch] = own;
      play(entry, record, stride, count, thread, threads, scratch, times);
    }
    port.postMessage(call);
  } catch (error) {
    port.postMessage(String(error));
  }
};
`;
