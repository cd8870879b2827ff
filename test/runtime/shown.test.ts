import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linearData } from './linearModel.ts';
import { type Machine, targets } from './targets.ts';

for (const target of targets)
  describe(`on ${target.name} console.log shows`, () => {
    let machine: Machine;
    beforeAll(async () => {
      machine = await target.prepare();
    });
    afterAll(() => machine.close());

    test('a session: what runs it, its entries, its states, and whether it was disposed of', async () => {
      const session = await machine.start();
      const { target: profile } = session.program;
      const whole = inspect(session);
      expect(whole).toContain(`Session of linear on ${profile} {`);
      expect(whole).toMatch(profile === 'webgpu' ? /adapter: '.*SwiftShader.*'/ : /threads: \d/);
      expect(whole).toContain("entries: [ 'train', 'predict' ]");
      expect(whole).toContain("states: { w: 'f32[3]', b: 'f32[]', steps: 'u32[1]' }");
      expect(whole).toContain('disposed: false');
      expect(whole.split('\n').length).toBeLessThan(10);
      expect(inspect({ session })).toBe(`{ session: [Session of linear on ${profile}] }`);
      session.dispose();
      expect(inspect(session)).toContain('disposed: true');
      expect(session.disposed).toBe(true);
    });

    test('a dataset: its inputs and its rows', async () => {
      const session = await machine.start();
      const data = await session.dataset(linearData(9));
      expect(inspect(data)).toBe(
        "Dataset of 9 rows { inputs: [ 'x', 'y' ], rows: { batch: 9 }, disposed: false }",
      );
      expect(inspect([data])).toBe('[ [Dataset of 9 rows] ]');
      data.dispose();
      expect(inspect(data)).toContain('disposed: true');
      session.dispose();
    });
  });
