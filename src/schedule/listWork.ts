import type { Listing } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { evaluationOf } from './cost.ts';
import { multiplyAdds, type Work } from './work.ts';

/** Bytes of an element of a list. */
const WORD = 4;

/**
 * Multiply-adds in which an invocation compares its position with another of its chunk. Assumed: three operations, whether the keys
 * are equal, which comes first, and how many there are; the rest is done for the few that are equal. With
 * twice as many the workload w8 is predicted to take 21.3 µs on machine webgpu rather than 18.7, and its program is the same.
 */
const COMPARE = 3;

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

/**
 * The same of one task, in products that a full vector unit does: it reads the first position and the count of a key's row, which
 * lie apart from those of the position before, and stores both and the next position. So much is 1.2 ns a position on
 * machine wasm; measured 1.7 (`npm run bench:candidates -- --target wasm`: 350 µs for 200,000 positions and 1,000 rows).
 */
export function listTaskWork({ rows, position, key }: Listing, machine: Machine): number {
  const { lanes, neighbours, element, load, scattered } = machine;
  const emptied = (2 * rows) / neighbours;
  const taken = multiplyAdds(evaluationOf(key), machine) + element + 2 * scattered + 3 * load;
  return lanes * emptied + position.extent * taken;
}
