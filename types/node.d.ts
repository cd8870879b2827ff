// What `src/runtime/wasm/node.ts` uses of Node, for the room that does not know it: `tsconfig.runtime.json` reads
// this file in place of Node's own types.

declare module 'node:os' {
  export function availableParallelism(): number;
}

declare module 'node:v8' {
  export function setFlagsFromString(flags: string): void;
}

declare module 'node:worker_threads' {
  export class Worker {
    constructor(script: string, options: { readonly eval: boolean; readonly execArgv: readonly string[] });
    on(event: 'message', hear: (message: unknown) => void): this;
    on(event: 'error' | 'messageerror', hear: (error: Error) => void): this;
    on(event: 'exit', hear: (code: number) => void): this;
    postMessage(message: unknown): void;
    ref(): void;
    unref(): void;
    terminate(): Promise<number>;
  }
}
