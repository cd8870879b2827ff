import { expect, it } from 'vitest';
import { defineModule } from '../../src/graph/index.ts';
import { toStableHlo } from '../../src/stablehlo/index.ts';
import { meshLines, shardingAttributes, shardingField } from '../../src/stablehlo/sharding.ts';

const spread = defineModule('spread', (m) => {
  m.mesh({ data: 8, model: 2 });
  const x = m.shard(m.input('x', { shape: [m.size('batch', { max: 16 }), 4] }), ['data', null]);
  const w = m.shard(m.state('w', { shape: [4, 6] }), [null, 'model']);
  m.shard(m.state('whole', { shape: [] }), []);
  m.entry('run', { y: x.matmul(w).add(m.state('bias', { shape: [6] })) });
});
const nodes = [...spread.inputs, ...spread.states.map(({ node }) => node)];

it('a mesh and shardings are printed as those of Shardy', () => {
  expect(meshLines(spread)).toEqual(['sdy.mesh @mesh = <["data"=8, "model"=2]>']);
  expect(nodes.flatMap((node) => shardingAttributes(spread, node))).toEqual([
    'sdy.sharding = #sdy.sharding<@mesh, [{"data"}, {}]>',
    'sdy.sharding = #sdy.sharding<@mesh, [{}, {"model"}]>',
    'sdy.sharding = #sdy.sharding<@mesh, []>',
  ]);
});

it('arguments have their shardings, and next states those of their states', () => {
  const module = defineModule('counted', (m) => {
    m.mesh({ data: 2 });
    const w = m.shard(m.state('w', { shape: [4] }), ['data']);
    const x = m.shard(m.input('x', { shape: [4] }), ['data']);
    m.entry('train', { loss: x.mul(w).sum(), updates: [{ state: w, next: w.add(x) }] });
  });
  const head = toStableHlo(module, 'train').split('  ) {')[0];
  expect(head).toMatchInlineSnapshot(`
    "module @counted {
      sdy.mesh @mesh = <["data"=2]>
      func.func public @main(
        %w: tensor<4xf32> {tf.aliasing_output = 0 : i32, sdy.sharding = #sdy.sharding<@mesh, [{"data"}]>},
        %x: tensor<4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"data"}]>}
      ) -> (
        tensor<4xf32> {jax.result_info = "w", sdy.sharding = #sdy.sharding<@mesh, [{"data"}]>},
        tensor<f32> {jax.result_info = "loss"}
    "
  `);
});

it('a manifest has them as the module has', () => {
  expect(nodes.map((node) => shardingField(spread, node))).toEqual([
    { sharding: ['data', null] },
    { sharding: [null, 'model'] },
    { sharding: [] },
    {},
  ]);
});

it('a module without a mesh has neither', () => {
  const plain = defineModule('plain', (m) => {
    m.entry('run', { y: m.input('x', { shape: [2] }) });
  });
  expect(meshLines(plain)).toEqual([]);
  expect(
    plain.inputs.map((node) => [...shardingAttributes(plain, node), shardingField(plain, node)]),
  ).toEqual([[{}]]);
});
