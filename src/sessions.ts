/** All of `sinter` that starts programs and trains: nothing of it needs the compiler. `index.ts` alone imports this. */
export { LoadError } from './loadPart.ts';
export * from './runtime/index.ts';
export type { WasmProgram } from './runtime/wasm/index.ts';
// Of the runtimes' doors this one takes programs of either kind.
export { type StartOptions, start } from './start.ts';
export * from './train/index.ts';
// What the runtimes call so lacks what training adds.
export type { Session } from './train/session.ts';
