import { indexedDbStore, opfsStore } from '../../src/browser/index.ts';
import { type Session, start, type WasmProgram } from '../../src/runtime/wasm/index.ts';
import { type Kind, killed, whole } from './fitting.ts';
import { post } from './post.ts';
import { SEED } from './training.ts';

// Runs in a browser with the runtime alone: fits that nothing stops, and those that are killed and resumed out of a store.
await post(async () => {
  const program: WasmProgram = await (await fetch('/program.json')).json();
  const open = (): Promise<Session> => start(program, { seed: SEED, threads: 1 });
  const kinds: readonly Kind[] = ['resident', 'stream'];
  const show = (text: string): void => {
    document.body.textContent = text;
  };
  const results: Record<string, unknown> = {};
  for (const kind of kinds) {
    results[`${kind} whole`] = await whole(open, kind);
    results[`${kind} opfs`] = await killed(open, kind, opfsStore(`fit-${kind}`), show);
    results[`${kind} indexedDb`] = await killed(open, kind, indexedDbStore(`fit-${kind}`), show);
  }
  return { ...results, shown: document.body.textContent };
});
