import type { Module } from '../../src/graph/index.ts';
import { type Live, type NDArray, padded, trimmed } from './array.ts';
import { evaluate, type Given } from './evaluate.ts';

/** What one step of an entry is given; sizes that are not in `live` are full. */
export interface StepFeeds {
  readonly inputs?: Readonly<Record<string, Given>>;
  readonly params?: Readonly<Record<string, number>>;
  readonly live?: Live;
}

/** A module running on the reference evaluator: its states are kept from step to step. */
export interface ReferenceSession {
  /**
   * Runs one entry: outputs of the states as they are, cut to their live extents, then all updates at once.
   *
   * @throws RangeError where there is no such entry or a feed does not fit
   */
  step(entry: string, feeds?: StepFeeds): Record<string, NDArray>;
  /** The value of a state. @throws RangeError where there is none of that name */
  read(state: string): NDArray;
}

/**
 * Starts a module on the reference evaluator.
 *
 * @param initial first values of states; those that it lacks must be constants or given in the module
 * @throws RangeError for a state whose first value is drawn at random and not given
 */
export function referenceSession(
  module: Module,
  initial: Readonly<Record<string, Given>> = {},
): ReferenceSession {
  const states = new Map(module.states.map(({ name }) => [name, firstValue(module, name, initial)]));
  let steps = 0;
  return {
    step: (name, feeds = {}) => {
      const entry = module.entries.find((candidate) => candidate.name === name);
      if (entry === undefined) throw new RangeError(`module ${module.name} has no entry ${name}`);
      steps++;
      const wanted = [...entry.outputs.map(({ node }) => node), ...entry.updates.map(({ next }) => next)];
      const values = evaluate(wanted, {
        ...feeds,
        params: { ...feeds.params, step: steps },
        states: Object.fromEntries(states),
      });
      for (const [k, { state }] of entry.updates.entries()) {
        const next = values[entry.outputs.length + k];
        if (next !== undefined) states.set(String(state.attrs.name), next);
      }
      return Object.fromEntries(
        entry.outputs.flatMap((output, k) => {
          const value = values[k];
          return value === undefined
            ? []
            : [[output.name, trimmed(value, output.node.shape, feeds.live ?? {})]];
        }),
      );
    },
    read: (name) => {
      const value = states.get(name);
      if (value === undefined) throw new RangeError(`module ${module.name} has no state ${name}`);
      return value;
    },
  };
}

function firstValue(module: Module, name: string, initial: Readonly<Record<string, Given>>): NDArray {
  const state = module.states.find((candidate) => candidate.name === name);
  if (state === undefined) throw new RangeError(`module ${module.name} has no state ${name}`);
  const { node, init } = state;
  const given = Object.hasOwn(initial, name) ? initial[name] : undefined;
  if (given !== undefined) return padded(given, node.shape, node.dtype);
  const shape = node.shape.map((dim) => (typeof dim === 'number' ? dim : 0));
  const count = shape.reduce((a, b) => a * b, 1);
  switch (init.kind) {
    case 'constant':
      return { shape, dtype: node.dtype, data: new Float64Array(count).fill(init.value) };
    case 'values': {
      const words = Buffer.from(init.words, 'base64');
      const read = {
        f32: 'readFloatLE',
        i32: 'readInt32LE',
        u32: 'readUInt32LE',
        bool: 'readUInt32LE',
        u8: 'readUInt32LE',
      } as const;
      return {
        shape,
        dtype: node.dtype,
        data: Float64Array.from({ length: count }, (_, k) => words[read[node.dtype]](4 * k)),
      };
    }
    case 'uniform':
    case 'normal':
      throw new RangeError(`state ${name} begins with random values: give them to the reference session`);
    default:
      return init satisfies never;
  }
}
