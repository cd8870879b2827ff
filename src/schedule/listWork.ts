import type { Listing } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { evaluationOf } from './cost.ts';
import { multiplyAdds, type Work } from './work.ts';

/** Bytes of an element of a list. */
const WORD = 4;

/** Operations of comparing a position with another of its chunk, in additions. */
const COMPARE = 3;

/** Cycles in which one thread takes a position into its list: a load that waits for another, and three stores. Assumed. */
const STEP = 8;

/**
 * What making lists takes the one workgroup that does it: it empties the lists of all rows, then goes through the positions
 * in chunks of its invocations, each of which looks at its chunk; where invocations compute alone, one does.
 */
export function listWork({ rows, position, key }: Listing, machine: Machine): Work {
  const evaluation = multiplyAdds(evaluationOf(key), machine);
  const together = machine.features.has('barriers');
  const lanes = together ? machine.workgroup : 1;
  const emptied = Math.ceil(rows / lanes);
  const turns = Math.ceil(position.extent / lanes);
  const compared = together ? lanes * COMPARE : 0;
  return {
    serial: emptied * 2 * machine.load + turns * (evaluation + compared + 4 * machine.load),
    active: lanes,
    bytes: WORD * (4 * rows + 3 * position.extent),
    rounds: Math.ceil(emptied / machine.overlap) + 3 * turns,
    barriers: together ? 1 + 3 * turns : 0,
  };
}

/** The same of one task, in products that a full vector unit does. */
export function listTaskWork({ rows, position, key }: Listing, machine: Machine): number {
  const { loads } = evaluationOf(key);
  const emptied = (2 * rows) / machine.neighbours;
  return machine.lanes * (emptied + position.extent * (STEP + loads));
}
