/**
 * Declare a module with `defineModule`, `nn` and `optim`; `compile` it; look at it; `start` it.
 *
 * `sinter/runtime` and `sinter/runtime/wasm` run compiled programs alone; `sinter/node` has what only Node can do.
 */

// The runtime has a type of that name too, the same.
export type { Values } from './graph/index.ts';
// esbuild loads, with a module that names what it exports, whatever any of those names lead to: a page that takes `start` would load
// what the compiler shares with declaring. Of a module that only passes on what others name it needs nothing.
export * from './models.ts';
export * from './sessions.ts';
