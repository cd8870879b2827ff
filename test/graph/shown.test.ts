import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { compile, defineModule, nn, optim, type Tensor } from '../../src/index.ts';

let hidden: Tensor | undefined;
const module = defineModule('digits', (m) => {
  const batch = m.size('batch', { max: 8 });
  const x = m.input('x', { shape: [batch, 4] });
  hidden = nn.dense(x, 3, { activation: 'relu', name: 'hidden' });
  const loss = hidden.square().mean();
  m.entry('train', { loss, updates: optim.adam({ lr: 0.1 }).minimize(loss) });
  m.entry('predict', { hidden });
});

it('console.log shows a tensor by its operation, shape, type, name and line', () => {
  expect(inspect(hidden)).toMatch(/^Tensor relu \[batch<=8, 3\] f32 'hidden' \(shown\.test\.ts:9\)$/);
  expect(inspect({ hidden })).toMatch(
    /^\{\n? *hidden: \[Tensor relu \[batch<=8, 3\] f32 'hidden' \(.*\)\]\n?.*\}$/,
  );
});

it('console.log shows what a module declares, and one line of it inside of something else', () => {
  expect(inspect(module)).toMatchInlineSnapshot(`
    "Module digits
      sizes: batch<=8
      inputs: x f32[batch<=8, 4]
      states: 8, with 15 parameters to train
      scalars: lr
      entry train: loss, 8 updates
      entry predict: hidden"
  `);
  expect(inspect({ module })).toBe('{ module: [Module digits (entries train, predict)] }');
  expect(Object.keys(module)).not.toContain('inspect');
  expect(JSON.stringify(Object.keys(module))).toBe(
    '["name","graph","sizes","inputs","states","params","entries","shardings"]',
  );
});

it('console.log shows the summary of a compiled module, and one line of it inside of something else', async () => {
  const compiled = await compile(module, { target: 'wasm' });
  expect(inspect(compiled)).toBe(compiled.summary().trimEnd());
  expect(inspect([compiled])).toBe('[ [CompiledProgram digits for wasm (entries train, predict)] ]');
});
