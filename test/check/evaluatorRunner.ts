import type { Runner, RunnerOptions } from '../../src/check/runner.ts';
import { dispatchesNamed } from '../../src/check/targets.ts';
import { compileModule } from '../../src/compile.ts';
import { programOf } from '../../src/compiled.ts';
import { type Module, type Node, neededBy } from '../../src/graph/index.ts';
import { machines } from '../../src/machine/index.ts';
import { entryOf, evaluateNode, firstValues, type NDArray } from '../../src/reference/index.ts';

/** What is known where a node's value is about to be spoiled. */
export interface Moment extends RunnerOptions {
  /** Number of the entry's step, from 1. */
  readonly step: number;
  /** Whether values of nodes are outputs besides the module's own. */
  readonly isObserved: boolean;
}

/**
 * A target that evaluates nodes in float32, and spoils some of them: one that is wrong where a test wants it to be.
 *
 * @param spoil gives the value of a node, out of the right one
 */
export function evaluatorRunner(spoil: (node: Node, value: NDArray, moment: Moment) => NDArray): Runner {
  return {
    name: 'spoiled',
    device: 'the evaluator',
    close: () => {},
    start: async (module, options) => {
      const compiled = await programOf(compileModule(module, machines.webgpu, new Set(options.without)));
      const states = firstValues(module, {}, options.seed);
      const counts = new Map<string, number>();
      return {
        step: async (name, inputs) => {
          const step = (counts.get(name) ?? 0) + 1;
          counts.set(name, step);
          const { outputs, updates } = entryOf(module, name);
          const isObserved = outputs.some((output) => output.name.startsWith('node '));
          const roots = [...outputs.map(({ node }) => node), ...updates.map(({ next }) => next)];
          const feeds = { inputs, states: Object.fromEntries(states), params: { step } };
          const values = new Map<Node, NDArray>();
          const valueAt = (node: Node): NDArray => values.get(node) ?? evaluateNode(node, [], feeds, 'f32');
          for (const node of neededBy(roots)) {
            const right = evaluateNode(node, node.inputs.map(valueAt), feeds, 'f32');
            values.set(node, spoil(node, right, { ...options, step, isObserved }));
          }
          const next = updates.map(
            (update) => [String(update.state.attrs.name), valueAt(update.next)] as const,
          );
          for (const [state, value] of next) states.set(state, value);
          return Object.fromEntries(outputs.map((output) => [output.name, valueAt(output.node)]));
        },
        read: async (state) => given(states.get(state)),
        write: async (state, value) => {
          const { dtype } = given(states.get(state));
          states.set(state, { shape: value.shape, dtype, data: Float64Array.from(value.data) });
        },
        dispatchesOf: (entry, name) => dispatchesNamed(compiled, entry, name),
        dispose: () => {},
      };
    },
  };
}

/** The value with one element changed. */
export function withElement(value: NDArray, at: number, change: (x: number) => number): NDArray {
  return { ...value, data: value.data.map((x, i) => (i === at ? change(x) : x)) };
}

/** What a module is checked with, unless a test needs something else. */
export const usual = { steps: 3, seed: 0, tolerance: 1e-5 };

/** All entries of a module. */
export function entriesOf(module: Module): string[] {
  return module.entries.map(({ name }) => name);
}

function given(value: NDArray | undefined): NDArray {
  if (value === undefined) throw new RangeError('there is no such state');
  return value;
}
