import { defineModule, type Tensor } from '../../src/graph/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import type { Target } from './targets.ts';

/** Of rows of numbers, each an input by its name, bounded where that begins with `live`: what an entry gives of them. */
export async function runRows(
  target: Target,
  rows: Readonly<Record<string, readonly number[]>>,
  build: (x: Readonly<Record<string, Tensor>>) => Readonly<Record<string, Tensor>>,
  live: Readonly<Record<string, number>> = {},
): Promise<Readonly<Record<string, readonly number[]>>> {
  const module = defineModule('rows', (m) => {
    const size = m.size('rows', { max: 21 });
    const x = Object.entries(rows).map(([name, row]) => {
      const shape = [name.startsWith('live') ? size : row.length];
      return [name, m.input(name, { shape })] as const;
    });
    m.entry('run', build(Object.fromEntries(x)));
  });
  const session = await target.start(module);
  const inputs = Object.entries(rows).map(([name, data]) => [name, { shape: [data.length], data }] as const);
  const found = await session.step('run', { inputs: Object.fromEntries(inputs), live });
  await session.dispose();
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, Array.from(data)]));
}

/** The gradient of the elements' sum, each weighted by its number from 1 on. */
export function gradientOf(y: Tensor, x: Tensor): Tensor {
  const weights = y.iotaLike(0).add(1).cast('f32');
  return gradients(y.mul(weights).sum(), [x])[0] ?? x;
}
