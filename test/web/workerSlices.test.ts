import { expect, test } from 'vitest';
import { Clock } from '../../web/playground/clock.ts';
import { Slices } from '../../web/playground/slices.ts';

test('the mean of a slice of steps is found in the means of the epoch so far', () => {
  const slices = new Slices({ rows: 10, batch: 4 });
  const first = slices.take({ epoch: 1, step: 1, scalars: { loss: 3 } });
  expect(first).toEqual({ steps: 1, at: 1, means: { loss: 3 } });
  // Steps of 4 and 2 rows with losses 2 and 1: 3·4 + 2·4 + 1·2 over ten rows.
  const rest = slices.take({ epoch: 1, step: 3, scalars: { loss: 2.2 } });
  expect(rest).toEqual({ steps: 2, at: 3, means: { loss: expect.closeTo(10 / 6, 10) } });
  expect(slices.take({ epoch: 2, step: 1, scalars: { loss: 0.5 } })).toEqual({
    steps: 1,
    at: 4,
    means: { loss: 0.5 },
  });
  expect(slices.standing).toEqual({ epoch: 1, step: 1 });
});

test('where training goes on within an epoch, its first slice has no mean', () => {
  const slices = new Slices({ rows: 10, batch: 4 }, 7, { epoch: 2, step: 1 });
  expect(slices.take({ epoch: 3, step: 2, scalars: { loss: 3 } })).toBeUndefined();
  expect(slices.step).toBe(8);
  expect(slices.take({ epoch: 3, step: 3, scalars: { loss: 2.8 } })).toEqual({
    steps: 1,
    at: 9,
    means: { loss: expect.closeTo((2.8 * 10 - 3 * 8) / 2, 10) },
  });
});

test('a clock tells the time of steps apart from what is done between them', () => {
  let now = 0;
  const clock = new Clock(() => now);
  expect(clock.speed).toEqual({ stepsPerSecond: 0, measuredMicros: 0 });
  clock.begin();
  now = 100;
  clock.took(10);
  clock.end();
  now = 300; // views are made
  clock.begin();
  now = 400;
  clock.took(10);
  expect(clock.speed).toEqual({ stepsPerSecond: 50, measuredMicros: 10_000 });
  clock.stop();
  expect(clock.speed.stepsPerSecond).toBe(0);
});
