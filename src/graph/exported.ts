import type { Module } from './module.ts';

/** What a file exports that is a module, by name, in the order of its exports. */
export function exportedModules(exported: Readonly<Record<string, unknown>>): ReadonlyMap<string, Module> {
  return new Map(Object.entries(exported).filter((pair): pair is [string, Module] => isModule(pair[1])));
}

/** Whether a value is a module, by its shape rather than its class: a model may import another copy of the package. */
export function isModule(value: unknown): value is Module {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'graph' in value &&
    typeof value.graph === 'object' &&
    'entries' in value &&
    Array.isArray(value.entries) &&
    'states' in value &&
    Array.isArray(value.states) &&
    'inputs' in value &&
    Array.isArray(value.inputs)
  );
}
