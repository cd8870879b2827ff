/** How a call of a device fails: as it is made, or later, in the scope that is open for such errors. */
export type Failure = 'throws' | 'validation' | 'out-of-memory';

/** A device whose calls can be made to fail. */
export interface Faults {
  /** Makes the `call`th call from now on that can fail in this way do so, counted from 1; none where it is 0. */
  arm(call: number, failure?: Failure): void;
  /** Calls since `arm` that could fail in its way. */
  readonly calls: () => number;
  /** Whether the armed call was made. */
  readonly struck: () => boolean;
  /** Errors that no scope was open for: nobody hears of them. */
  readonly unheard: readonly string[];
}

/** Objects whose calls can fail too, by the method that makes them. */
const makers: Readonly<Record<string, string>> = {
  createBuffer: 'buffer',
  createCommandEncoder: 'encoder',
  beginComputePass: 'pass',
};

/** What cannot fail by the letter of WebGPU. */
const safe = new Set(['destroy', 'unmap', 'pushErrorScope', 'end']);

/** Calls that answer with a promise, which fails in place of the call. */
const answering = new Set(['mapAsync', 'createComputePipelineAsync', 'popErrorScope']);

/** Whether a scope hears of a call: encoders keep what is wrong until they end, and reading a mapped buffer has none. */
function isScoped(kind: string, name: string): boolean {
  return kind !== 'pass' && kind !== 'encoder' && name !== 'getMappedRange' && !answering.has(name);
}

/**
 * Watches the calls of a device from now on: of its queue, its buffers, encoders and passes too. Errors are told as
 * WebGPU tells them, to the innermost scope of their kind.
 */
export function faultyDevice(device: GPUDevice): Faults {
  let count = 0;
  let armed = 0;
  let failure: Failure = 'throws';
  const unheard: string[] = [];
  const scopes: { readonly filter: unknown; error: GPUError | null }[] = [];

  const tell = (what: string): void => {
    const scope = scopes.findLast(({ filter }) => filter === failure);
    if (scope === undefined) unheard.push(what);
    else scope.error ??= { message: `injected: ${what}` };
  };
  const fail = (kind: string, name: string, work: () => unknown): unknown => {
    const error = new Error(`injected: ${kind}.${name}`);
    if (answering.has(name)) {
      if (name === 'popErrorScope') void work();
      return Promise.reject(error);
    }
    if (failure === 'throws') throw error;
    tell(`${kind}.${name}`);
    return name.startsWith('create') ? work() : undefined;
  };
  const watch = (kind: string, target: object): void => {
    for (const name of methodsOf(target)) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') continue;
      const value = (...args: readonly unknown[]): unknown => {
        const work = (): unknown => {
          const result: unknown = Reflect.apply(method, target, args);
          if (name === 'pushErrorScope') scopes.push({ filter: args[0], error: null });
          if (name === 'popErrorScope') {
            const scope = scopes.pop();
            return Promise.resolve(result).then((own) => own ?? scope?.error ?? null);
          }
          const made = makers[name];
          if (made !== undefined && result instanceof Object) watch(made, result);
          return result;
        };
        if (safe.has(name) || (failure !== 'throws' && !isScoped(kind, name))) return work();
        return ++count === armed ? fail(kind, name, work) : work();
      };
      Object.defineProperty(target, name, { value, configurable: true });
    }
  };
  watch('device', device);
  watch('queue', device.queue);
  return {
    arm(call, how = 'throws') {
      count = 0;
      armed = call;
      failure = how;
    },
    calls: () => count,
    struck: () => count >= armed,
    unheard,
  };
}

function methodsOf(target: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(target);
  if (!(prototype instanceof Object)) return [];
  return Object.getOwnPropertyNames(prototype).filter((name) => {
    const property = Object.getOwnPropertyDescriptor(prototype, name);
    return name !== 'constructor' && typeof property?.value === 'function';
  });
}
