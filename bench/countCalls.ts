/** Counts of calls by object and method, `pass.dispatchWorkgroups` say. */
export interface CallCounts {
  readonly byName: ReadonlyMap<string, number>;
  /** All calls. */
  readonly total: () => number;
  /** The calls whose method is one of these. */
  readonly of: (...methods: readonly string[]) => number;
  readonly reset: () => void;
}

/**
 * Counts every call on a device, its queue, its buffers and its encoders from now on. What they return is
 * counted too; objects that were made before are not.
 */
export function countCalls(device: GPUDevice): CallCounts {
  const byName = new Map<string, number>();
  watch('device', device, byName);
  watch('queue', device.queue, byName);
  return {
    byName,
    total: () => [...byName.values()].reduce((n, count) => n + count, 0),
    of: (...methods) =>
      [...byName].reduce(
        (n, [name, count]) => (methods.includes(name.slice(name.indexOf('.') + 1)) ? n + count : n),
        0,
      ),
    reset: () => byName.clear(),
  };
}

/** The objects whose own calls count, by the method that makes them. */
const makers: Readonly<Record<string, string>> = {
  createBuffer: 'buffer',
  createCommandEncoder: 'encoder',
  beginComputePass: 'pass',
};

function watch(kind: string, target: object, counts: Map<string, number>): void {
  for (const name of methodsOf(target)) {
    const method: unknown = Reflect.get(target, name);
    if (typeof method !== 'function') continue;
    const counted = (...args: readonly unknown[]): unknown => {
      const key = `${kind}.${name}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      const result: unknown = Reflect.apply(method, target, args);
      const made = makers[name];
      if (made !== undefined && typeof result === 'object' && result !== null) watch(made, result, counts);
      return result;
    };
    Object.defineProperty(target, name, { value: counted, configurable: true });
  }
}

function methodsOf(target: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(target);
  if (typeof prototype !== 'object' || prototype === null) return [];
  return Object.getOwnPropertyNames(prototype).filter((name) => {
    const property = Object.getOwnPropertyDescriptor(prototype, name);
    return name !== 'constructor' && typeof property?.value === 'function';
  });
}
