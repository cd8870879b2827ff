import { expect, test } from 'vitest';
import type { LookPass } from '../../src/inspect/look.ts';
import { passSteps } from '../../web/panels/passSteps.ts';

function pass(name: string, rest: Partial<LookPass> = {}): LookPass {
  return { name, milliseconds: 1, verifying: 0, ...rest };
}

test('a pass began with the last text of its own entry', () => {
  const steps = passSteps([
    pass('lower', { entry: 'train', level: 'loops', text: 'a' }),
    pass('lower', { entry: 'predict', level: 'loops', text: 'p' }),
    pass('alignAxes', { entry: 'train', level: 'loops' }),
    pass('partition', { entry: 'train', level: 'groups', text: 'b' }),
  ]);
  expect(steps.map(({ before }) => before?.text)).toEqual([undefined, undefined, 'a', 'a']);
});

test('a text that was too long to keep is not unchanged, nor is what came before it taken for it', () => {
  const steps = passSteps([
    pass('lower', { entry: 'train', level: 'loops', text: 'a' }),
    pass('fusePointwise', { entry: 'train', level: 'loops', characters: 1e9 }),
    pass('partition', { entry: 'train', level: 'groups', text: 'b' }),
  ]);
  expect(steps.map(({ isUnchanged }) => isUnchanged)).toEqual([false, false, false]);
  expect(steps[2]?.before).toEqual(expect.objectContaining({ name: 'fusePointwise', characters: 1e9 }));
});

test('unchanged is what is between levels and has no text; the plan of memory has none and is not', () => {
  const steps = passSteps([
    pass('lower', { entry: 'train', level: 'loops', text: 'a' }),
    pass('alignAxes', { entry: 'train', level: 'loops' }),
    pass('planBuffers'),
  ]);
  expect(steps.map(({ isUnchanged }) => isUnchanged)).toEqual([false, true, false]);
});
