import { Session } from 'node:inspector/promises';

/**
 * How many calls of functions of `src` something takes: work that is the same whenever it is counted, on any machine and beside
 * any other process. Calls are counted by the engine, as for test coverage: a loop whose turns call nothing of `src` does not
 * show.
 */
export async function callsIn(run: () => void): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    run();
    const { result } = await session.post('Profiler.takePreciseCoverage');
    await session.post('Profiler.stopPreciseCoverage');
    const own = result.filter(({ url }) => url.includes('/src/') && !url.includes('/node_modules/'));
    const counts = own.flatMap(({ functions }) => functions.map(({ ranges }) => ranges[0]?.count ?? 0));
    return counts.reduce((sum, count) => sum + count, 0);
  } finally {
    session.disconnect();
  }
}
