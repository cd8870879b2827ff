import { expect, test } from 'vitest';
import { w1 } from '../../bench/workloads.ts';
import { summary, summaryOf } from '../../src/index.ts';
import { sinter } from './run.ts';

const W1 = 'bench/workloads.ts#w1';

test('sinter summary prints what summary() gives, and with --json what summaryOf() gives', async () => {
  expect(await sinter(['summary', W1])).toEqual({ code: 0, out: summary(w1), err: '' });
  const { code, out, err } = await sinter(['summary', W1, '--json']);
  expect([code, err]).toEqual([0, '']);
  expect(JSON.parse(out)).toEqual(summaryOf(w1));
  expect(summaryOf(w1).parameters.values).toBe(784 * 128 + 128 + 128 * 10 + 10);
});

test('sinter summary says what is wrong with a file', async () => {
  const { code, out, err } = await sinter(['summary', 'bench/workloads.ts']);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/^sinter: bench\/workloads\.ts exports several modules/);
});
