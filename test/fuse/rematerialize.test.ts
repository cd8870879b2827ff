import { describe, expect, it } from 'vitest';
import { compileModule, type WebGpuCompilation } from '../../src/compile.ts';
import { defineModule, type Module, nn, optim } from '../../src/index.ts';
import { printLoops } from '../../src/loops/text.ts';
import { machines } from '../../src/machine/index.ts';
import { disagreements } from '../compile/agreement.ts';
import { randomDeep } from '../oracle/randomDeep.ts';

/** A perceptron whose activations are kept for their weights' gradients, where nothing is made again. */
const deep: Module = defineModule('deep', (m) => {
  let h = m.input('x', { shape: [1024, 128] });
  for (let layer = 1; layer <= 3; layer++) {
    h = nn.dense(h, 512, { activation: 'geluTanh', name: `up${layer}` });
    h = nn.dense(h, 128, { name: `down${layer}` });
  }
  const loss = h.square().mean();
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
});

const off = new Set(['rematerialize'] as const);

/** What was made again, and by which groups' loops. */
function madeAgain({ entries }: WebGpuCompilation): string[] {
  return [...entries.values()].flatMap(({ decisions }) =>
    decisions.all.flatMap(({ move, from, to, taken }) =>
      move === 'again' && taken ? [`${from} by ${to}`] : [],
    ),
  );
}

describe('rematerialization', () => {
  it('makes activations again where their gradients are computed', () => {
    const compilation = compileModule(deep, machines.webgpu);
    const kept = compileModule(deep, machines.webgpu, off);
    expect(madeAgain(compilation)).toMatchInlineSnapshot(`
      [
        "up1 by add_136",
        "up2 by add_114",
      ]
    `);
    expect(compilation.layout.peakBytes / kept.layout.peakBytes).toBeLessThan(0.85);
    const loops =
      compilation.entries
        .get('train')
        ?.stages.flatMap(({ groups }) => groups.flatMap((group) => group.loops)) ?? [];
    const host = loops.flatMap((loop) =>
      loop.outs.some(({ tensor }) => tensor.name === 'up1_again') ? [{ ...loop, origin: [] }] : [],
    );
    expect(printLoops(host)).toMatchInlineSnapshot(`
      "tensor contract_116: f32[1024, 128] temp
      tensor "down1.weight": f32[512, 128] state
      tensor add_5: f32[1024, 512] temp
      tensor add_136: f32[1024, 512] temp
      tensor up1_again: f32[1024, 512] temp
      loop add_136(i0: 1024, i1: 512) reduce(k0: 128):
        r0 = sum(contract_116[i0, k0] * "down1.weight"[i1, k0])
        %0 = r0.0 * (add_5[i0, i1] * 0.5) * (1.0 - tanh((add_5[i0, i1] + add_5[i0, i1] * add_5[i0, i1] * add_5[i0, i1] * 0.044715) * 0.7978845608028654) * tanh((add_5[i0, i1] + add_5[i0, i1] * add_5[i0, i1] * add_5[i0, i1] * 0.044715) * 0.7978845608028654)) * 0.7978845608028654
        add_136[i0, i1] = r0.0 * (tanh((add_5[i0, i1] + add_5[i0, i1] * add_5[i0, i1] * add_5[i0, i1] * 0.044715) * 0.7978845608028654) + 1.0) * 0.5 + %0 + %0 * 0.044715 * (add_5[i0, i1] * add_5[i0, i1]) + %0 * 0.044715 * add_5[i0, i1] * add_5[i0, i1] + %0 * 0.044715 * add_5[i0, i1] * add_5[i0, i1]
        up1_again[i0, i1] = add_5[i0, i1] * 0.5 * (tanh((add_5[i0, i1] + add_5[i0, i1] * add_5[i0, i1] * add_5[i0, i1] * 0.044715) * 0.7978845608028654) + 1.0)
      "
    `);
  });

  it('takes less memory on random graphs, and does not change what they compute', () => {
    // Dispatches cost next to nothing on this one, and one row program would hold all of it at these sizes.
    const machine = machines['webgpu-software'];
    const apart = new Set(['partition'] as const);
    const found: string[] = [];
    let fired = 0;
    for (let seed = 0; seed < 12; seed++) {
      const random = randomDeep(seed);
      const compilation = compileModule(random.module, machine, apart);
      if (madeAgain(compilation).length === 0) continue;
      fired++;
      const kept = compileModule(random.module, machine, new Set([...apart, ...off]));
      if (compilation.layout.peakBytes > kept.layout.peakBytes) found.push(`seed ${seed} takes more memory`);
      found.push(...disagreements(random, machine, apart));
    }
    expect([found, fired > 5]).toEqual([[], true]);
  });
});
