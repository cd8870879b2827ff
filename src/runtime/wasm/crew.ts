import type { DeviceError } from '../issues.ts';

/** Some steps of an entry: what `play` of a program's module is called with, except what a thread knows. */
export type Call = readonly [entry: number, record: number, stride: number, count: number, times: number];

/** Who runs a program's steps: threads of their own, or the one that calls. */
export interface Crew {
  /** Why it runs nothing any more, where it failed. */
  readonly lost: DeviceError | undefined;
  /** Runs steps, after those before. @throws DeviceError `lost` */
  run(call: Call): Promise<void>;
  /** Ends all; calls in flight fail with the reason. */
  end(reason: DeviceError): void;
}

/** The modules of a program, compiled; cloned to each thread. */
export interface Modules {
  readonly tiles: WebAssembly.Module;
  readonly main: WebAssembly.Module;
}
