import {
  type Epoch,
  type ProgramBase,
  type Session,
  type SessionOptions,
  start,
} from '../../src/runtime/index.ts';
import { start as startWasm } from '../../src/runtime/wasm/index.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { linearModel } from './linearModel.ts';
import { linearWasm } from './linearWasm.ts';

/** Somewhere to run the linear model. */
export interface Target {
  readonly name: string;
  readonly prepare: () => Promise<Machine>;
}

/** It, ready. */
export interface Machine {
  /** @param change what is other in the program */
  readonly start: (
    options?: SessionOptions,
    change?: Partial<Pick<ProgramBase, 'state'>>,
  ) => Promise<Session>;
  readonly close: () => void;
}

/** Every target of the runtime, and WebAssembly with several numbers of threads. */
export const targets: readonly Target[] = [
  {
    name: 'WebGPU',
    async prepare() {
      const device = await freshDevice();
      return {
        start: (options, change) => start({ ...linearModel, ...change }, { device, ...options }),
        close: () => device.destroy(),
      };
    },
  },
  ...[1, 2, 3].map((threads) => ({
    name: `WebAssembly with ${threads === 1 ? 'one thread' : `${threads} threads`}`,
    async prepare(): Promise<Machine> {
      const program = linearWasm();
      return {
        start: (options, change) => startWasm({ ...program, ...change }, { threads, ...options }),
        close() {},
      };
    },
  })),
];

/** All that is yielded. */
export async function collect(epochs: AsyncIterable<Epoch> | Iterable<Epoch>): Promise<Epoch[]> {
  const all: Epoch[] = [];
  for await (const epoch of epochs) all.push(epoch);
  return all;
}

/** The last that is yielded. */
export async function lastOf(epochs: AsyncIterable<Epoch>): Promise<Epoch | undefined> {
  return (await collect(epochs)).at(-1);
}
