import { expect, test } from 'vitest';
import { chunkPlayer } from '../../src/runtime/chunks.ts';
import type { Playback } from '../../src/runtime/engine.ts';

/** Four steps of nothing, a chunk each. */
function fourSteps(goesOn: () => boolean): Playback {
  return {
    entry: { name: 'train', steps: [], outputs: [], inputs: [], resultWords: 0 },
    data: { start: 0, write: () => {}, dispose: () => {} },
    steps: 4,
    stepsPerSubmit: 1,
    upload: () => {},
    fill: () => {},
    goesOn,
    take: () => {},
  };
}

/** What becomes of chunks, the second of which fails. */
async function played(goesOn: () => boolean): Promise<readonly string[]> {
  const log: string[] = [];
  const start = async (first: number): Promise<void> => {
    log.push(`start ${first}`);
    if (first === 1) throw new Error('step 1 failed');
  };
  await chunkPlayer(4, 50)(
    fourSteps(goesOn),
    start,
    (first) => log.push(`finish ${first}`),
    (place) => log.push(`release ${place}`),
  ).catch((error: Error) => log.push(error.message));
  return log;
}

test('two chunks are in flight, and what follows one that failed is over, but not taken', async () => {
  expect(await played(() => true)).toEqual([
    'start 0',
    'start 1',
    'finish 0',
    'release 0',
    'start 2',
    'release 1',
    'release 0',
    'step 1 failed',
  ]);
});

test('a chunk that failed is told, and not what kept a later one from starting', async () => {
  let asked = 0;
  const goesOn = (): boolean => {
    if (asked++ === 2) throw new Error('no more');
    return true;
  };
  expect(await played(goesOn)).toEqual([
    'start 0',
    'start 1',
    'finish 0',
    'release 0',
    'release 1',
    'step 1 failed',
  ]);
});
