/**
 * Makes each call of a start fail in turn, starts rightly after each, and leaves the process to end by itself: it does
 * not where a failed start keeps a thread or a device.
 */
import { start } from '../../src/runtime/index.ts';
import { timestamps } from '../../src/runtime/timestamps.ts';
import { WasmEngine } from '../../src/runtime/wasm/engine.ts';
import type { Host } from '../../src/runtime/wasm/host.ts';
import { nodeHost } from '../../src/runtime/wasm/node.ts';
import { WasmSession } from '../../src/runtime/wasm/start.ts';
import { softwareGpu } from '../softwareAdapter.ts';
import { linearData, linearModel } from './linearModel.ts';
import { linearWasm } from './linearWasm.ts';

interface Trained {
  train(options: { readonly data: object }): AsyncIterable<unknown>;
  dispose(): void;
}

/**
 * What a start bears: errors that are not told, as that a device is lost is told elsewhere, and memory that cannot be
 * had, as it asks again with less room to grow.
 */
const borne: ReadonlySet<unknown> = new Set(['popErrorScope', 'Memory']);

/** Calls that are counted; the one with this number fails. */
let failing = Number.POSITIVE_INFINITY;
let calls = 0;
const failures: string[] = [];

function count(what: string): void {
  if (++calls !== failing) return;
  failures.push(what);
  throw new Error(`injected: ${what}`);
}

/** Replaces a method by one that is counted, and that may fail before it does anything. */
function watch(owner: object, name: string): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function') throw new Error(`no method ${name}`);
  const value = new Proxy(original, {
    apply: (target, self, args) => {
      if (!/Async$|^(compile|instantiate|popErrorScope)$/.test(name)) count(name);
      else {
        try {
          count(name);
        } catch (error) {
          return Promise.reject(error);
        }
      }
      return Reflect.apply(target, self, args);
    },
    construct: (target, args, newTarget) => {
      count(name);
      return Reflect.construct(target, args, newTarget);
    },
  });
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
}

/** Starts with the first call failing, then the second, until none is left to fail; after each failure once rightly. */
async function failEach(begin: () => Promise<Trained>): Promise<void> {
  for (let k = 1; ; k++) {
    calls = 0;
    failing = k;
    const before = failures.length;
    let session: Trained | undefined;
    let failure: unknown;
    try {
      session = await begin();
    } catch (error) {
      failure = error;
    }
    failing = Number.POSITIVE_INFINITY;
    if (failures.length > before && failure === undefined && !borne.has(failures.at(-1)))
      throw new Error(`${failures.at(-1)} failed, and the start did not`);
    session?.dispose();
    session = await begin();
    for await (const _ of session.train({ data: linearData(9) }));
    session.dispose();
    if (failures.length === before) return;
  }
}

const [, , target] = process.argv;
if (target === 'webgpu') {
  const { gpu, adapter } = await softwareGpu();
  const watched = Object.create(adapter, {
    limits: { value: adapter.limits },
    features: { value: adapter.features },
    requestDevice: {
      value: async (descriptor: GPUDeviceDescriptor) => {
        count('requestDevice');
        // An adapter gives one device.
        const fresh = await gpu.requestAdapter();
        const device = await fresh?.requestDevice(descriptor);
        if (device === undefined) throw new Error('no device');
        for (const name of [
          'createBindGroupLayout',
          'createPipelineLayout',
          'createShaderModule',
          'createComputePipelineAsync',
          'createBuffer',
          'createQuerySet',
          'pushErrorScope',
          'popErrorScope',
        ])
          watch(device, name);
        watch(device.queue, 'writeBuffer');
        return device;
      },
    },
  });
  await failEach(() => start(linearModel, { gpu, adapter: watched, profiler: timestamps('dispatches') }));
} else {
  let alive = 0;
  const host: Host = {
    ...nodeHost,
    spawn: (hear, fail) => {
      count('spawn');
      const thread = nodeHost.spawn(hear, fail);
      alive++;
      return {
        post: (message) => {
          count('post');
          thread.post(message);
        },
        hold: thread.hold,
        end: () => {
          alive--;
          thread.end();
        },
      };
    },
  };
  for (const name of ['Memory', 'compile', 'instantiate']) watch(WebAssembly, name);
  for (const threads of [1, 3]) {
    await failEach(async () => {
      if (alive !== 0) throw new Error(`${alive} threads are left`);
      const engine = await WasmEngine.create(linearWasm(), host, threads, 'none');
      await engine.ready;
      return new WasmSession(engine, threads, undefined);
    });
  }
  if (alive !== 0) throw new Error(`${alive} threads are left`);
}
console.log(`${failures.length} failures: ${[...new Set(failures)].join(' ')}`);
