import { isWhole, unfit } from '../issues.ts';
import type { Host } from './host.ts';

/** Threads that may be asked for. */
const MOST = 64;
/** Threads where nothing is asked for: at the sizes of a training step more wait for each other. */
const MOST_BY_DEFAULT = 16;

/** Whether it was said that threads share no memory: once a process, not once a session. */
let isTold = false;

/**
 * Threads that run a program: as many as were asked for, else as many as there are cores; one where threads cannot
 * share memory, which is said once.
 *
 * @throws InputError `range` where `asked` is not 1 to 64
 */
export async function threadCount(host: Host, asked: number | undefined): Promise<number> {
  const wanted = asked === undefined ? Math.max(1, Math.min(host.cores, MOST_BY_DEFAULT)) : asked;
  if (!isWhole(wanted, 1, MOST)) unfit('range', 'threads', `a whole number from 1 to ${MOST}`, wanted);
  const alone = wanted === 1 ? undefined : await host.alone();
  if (alone === undefined) return wanted;
  if (!isTold) console.warn(`sinter runs on one thread, not ${wanted}: ${alone}`);
  isTold = true;
  return 1;
}
