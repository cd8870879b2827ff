import { expect, test } from 'vitest';
import { Jobs } from '../../web/playground/jobs.ts';

test('jobs are done one after the other, whatever one throws, and also those that come at the very end', async () => {
  const done: string[] = [];
  const jobs = new Jobs((error) => done.push(String(error)));
  const job = (name: string) => async () => {
    done.push(`${name} begins`);
    await Promise.resolve();
    done.push(`${name} ends`);
  };
  void jobs.add(job('a'));
  void jobs.add(async () => {
    throw new RangeError('b');
  });
  const last = jobs.add(job('c'));
  void jobs.work();
  // In the same turn in which the last one ends.
  const late = last.then(() => {
    const added = jobs.add(job('d'));
    void jobs.work();
    return added;
  });
  await jobs.work();
  await late;
  expect(jobs.waits).toBe(false);
  expect(done).toEqual(['a begins', 'a ends', 'RangeError: b', 'c begins', 'c ends', 'd begins', 'd ends']);
  await jobs.work();
});
