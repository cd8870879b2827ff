import { type Decision, reasonText } from '../fuse/index.ts';
import type { LookDecision } from './look.ts';

/** A decision of fusion with its reason as a sentence. */
export function lookDecision({ move, from, to, taken, reason }: Decision): LookDecision {
  const text = reasonText(reason);
  return { move, from, to, taken, text, ...(reason.kind === 'time' ? { gain: reason.gain } : {}) };
}
