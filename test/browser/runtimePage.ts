import { start, type WasmProgram } from '../../src/runtime/wasm/index.ts';
import { post } from './post.ts';
import { SEED, training } from './training.ts';

// Runs in a browser with the runtime alone: two sessions of a program out of JSON, one after the other.
await post(async () => {
  const warnings: string[] = [];
  console.warn = (text: string) => warnings.push(text);
  const program: WasmProgram = await (await fetch('/program.json')).json();
  const found = [];
  for (const seed of [SEED, SEED + 1]) {
    const session = await start(program, { seed, threads: 2 });
    found.push({ threads: session.threads, ...(await training(session)) });
    session.dispose();
  }
  return { isolated: crossOriginIsolated, warnings, found };
});
