import { listed } from '../../runtime/clipped.ts';
import { OnnxError } from '../issues.ts';
import type { OnnxNode } from '../proto/model.ts';
import { quoted } from './order.ts';

/** Names of nodes that a message has of one operator. */
const MOST_NAMES = 3;

/** Nodes that are not supported, which are told all at once. */
export class Refusals {
  readonly #nodes = new Map<string, { why: string | undefined; names: string[] }>();

  /** @param why undefined where there is no such operator here */
  add({ domain, op, name, outputs }: OnnxNode, why: string | undefined): void {
    const called = domain === '' || domain === 'ai.onnx' ? op : `${domain}.${op}`;
    const key = `${called}: ${why ?? ''}`;
    const entry = this.#nodes.get(key) ?? { why: why ?? reasons.get(op), names: [] };
    entry.names.push(name === '' ? (outputs[0] ?? '') : name);
    this.#nodes.set(key, entry);
  }

  /** @throws OnnxError `unsupported` where there are some, with each operator and the nodes that need it */
  throwIfAny(): void {
    if (this.#nodes.size === 0) return;
    const rows = [...this.#nodes].map(([key, { why, names }]) => {
      const shown = names.slice(0, MOST_NAMES).map(quoted).join(', ');
      const count = names.length === 1 ? 'node' : `${names.length} nodes`;
      const more = names.length > MOST_NAMES ? ', …' : '';
      const [called = ''] = key.split(': ', 1);
      return `${called} by ${count} ${shown}${more}${why === undefined ? '' : ` (${why})`}`;
    });
    throw new OnnxError('unsupported', `not supported: ${listed(rows)}`);
  }
}

/** Why some operators are not imported. */
const reasons: ReadonlyMap<string, string> = new Map([
  ['Loop', 'a step runs without loops: export the model with its loop unrolled'],
  ['Scan', 'a step runs without loops: export the model with its loop unrolled'],
  ['NonMaxSuppression', 'its result has as many elements as a step finds'],
  ['Unique', 'its result has as many elements as a step finds'],
]);
