import { describe, expect, test } from 'vitest';
import { linearData } from './linearModel.ts';
import { targets } from './targets.ts';

describe.each(targets)('on $name', ({ prepare }) => {
  test('each dispatch is timed, or each step, and results are the same as without', async () => {
    const machine = await prepare();
    const losses: number[] = [];
    const columns: (number[] | undefined)[] = [];
    for (const profile of ['none', 'dispatches', 'steps'] as const) {
      const session = await machine.start({ profile, seed: 1 });
      for await (const { loss } of session.train({ data: linearData(80), epochs: 2, stepsPerSubmit: 4 }))
        losses.push(loss);
      const times = session.timings.get('train');
      columns.push(times?.map((samples) => samples.length));
      for (const samples of times ?? [])
        for (const microseconds of samples) expect(microseconds).toBeGreaterThanOrEqual(0);
      if (times !== undefined) expect(Math.max(...times.flat())).toBeGreaterThan(0);
      session.dispose();
    }
    // Twenty steps of two dispatches; six submits.
    expect(columns).toEqual([undefined, [20, 20], [6]]);
    expect(losses.slice(2, 4)).toEqual(losses.slice(0, 2));
    expect(losses.slice(4)).toEqual(losses.slice(0, 2));
    machine.close();
  });
});
