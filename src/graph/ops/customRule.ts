import { numberOf } from '../attributes.ts';
import { GraphError } from '../issues.ts';
import type { Node } from '../node.ts';
import type { Tensor } from '../tensor.ts';
import type { VjpContext } from './definition.ts';

/** A gradient of a user's own. */
export interface CustomRule {
  /** The cotangents of all operands after the value. @throws GraphError where what the user gives does not fit them */
  readonly cotangents: (context: VjpContext) => readonly Tensor[];
  /** Whether it is not the derivative, on purpose. */
  readonly isEstimate: boolean;
}

/** The rule of a node of the operation `custom`. @throws GraphError where the node was read from text */
export function customRuleOf({ graph }: Tensor, node: Node): CustomRule {
  const found = graph.customRules[numberOf('custom', node.attrs, 'rule')];
  if (found !== undefined) return found;
  const text = 'the gradient is a function, which the text of a module does not keep: differentiate before';
  throw new GraphError('gradient', 'customGradient', text, node.source);
}
